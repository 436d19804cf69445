"""One model as an archive: its versions' files, what people added to them, and what checked them.

files/<sha256>   the files as they were uploaded, and the CSV files of checks

Bringing one in trusts nothing of it: each file is opened and tried as any upload is, each revision
and recipe is checked as if it were typed, and checks are made again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Model, Revision, Verdict, Version
from core.errors import InvalidInput, ModelUnavailable, SlipwayError, TooLarge
from core.files import Files, Staged, duplicate, readable_size
from core.image_recipe import ImageRecipe
from core.runtimes.edits import SchemaEdits
from core.services.accounts import Caller
from core.services.archives import Archive, Member, opened, written
from core.services.artifacts import consuming
from core.services.match_views import decoded_report
from core.services.matching import Matching
from core.services.model_rights import require_author, visible_model
from core.services.model_rows import declared_info, decoded_edits
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.revisions import Revisions

KIND = "model"
_NAMES = re.compile(r"files/[0-9a-f]{64}")
_MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class CheckAbout:
    """A check: its file by SHA-256, and the columns of expected values by output."""

    file: str
    file_name: str
    tolerance: float
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stand:
    """A version from one revision of its schema to the next; the first stand has no edits."""

    edits: SchemaEdits
    note: str
    checks: tuple[CheckAbout, ...]


@dataclass(frozen=True, slots=True)
class VersionAbout:
    """A version: its file by SHA-256, and what stands beside it. `images` are by input."""

    file: str
    file_name: str
    notes: str
    images: tuple[ImageRecipe | None, ...]
    stands: tuple[Stand, ...]


@dataclass(frozen=True, slots=True)
class ModelAbout:
    """What an archive says of its model."""

    name: str
    model_type: str
    description: str
    versions: tuple[VersionAbout, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """The model that came of an archive at its newest version, and checks that were not made."""

    view: VersionView
    unchecked: tuple[str, ...]


class ModelArchives:
    """Writes models to archives and reads them back; `limit` is that of one file, in bytes."""

    def __init__(
        self,
        database: Database,
        files: Files,
        models: Models,
        revisions: Revisions,
        matching: Matching,
        *,
        limit: int,
    ) -> None:
        self._database = database
        self._files = files
        self._models = models
        self._revisions = revisions
        self._matching = matching
        self._limit = limit

    def export(self, caller: Caller, model_id: str) -> Iterator[bytes]:
        """Return a model that the caller sees as an archive, in blocks; raises ModelNotFound."""
        blocks = self._blocks(caller, model_id)
        # Begun here: what it raises is raised now, and whatever comes the files are let go.
        return chain([next(blocks)], blocks)

    def import_(
        self, caller: Caller, staged: Staged, *, name: str = "", visibility: str = "private"
    ) -> Imported:
        """Make a model of an archive, which is used up, under the archive's name or another.

        It is there whole, or not at all. Raises NotAllowed for viewers, InvalidInput for an archive
        that is damaged or says what cannot be, Duplication for a name that the caller has given
        already, InvalidModel for a file that cannot be scored.
        """
        with consuming(staged):
            require_author(caller)
            with opened(staged.path, KIND, _NAMES) as archive:
                self._require_sizes(archive)
                return self._made(caller, archive, _about(archive), name, visibility)

    def _blocks(self, caller: Caller, model_id: str) -> Iterator[bytes]:
        with self._files.scratch() as folder:
            with self._database.reading() as session, self._database.writing():
                model = visible_model(session, caller, model_id)
                about = _described(session, model)
                for sha256 in _files_of(about):
                    _duplicated(self._files.artifact(sha256), folder / sha256)
            members = (Member(f"files/{path.name}", path) for path in sorted(folder.iterdir()))
            yield from written(KIND, msgspec.to_builtins(about), members)

    def _require_sizes(self, archive: Archive) -> None:
        if any(entry.size > self._limit for entry in archive.manifest.members.values()):
            raise TooLarge(
                f"A file in the archive is larger than the {readable_size(self._limit)} allowed."
            )

    def _made(
        self, caller: Caller, archive: Archive, about: ModelAbout, name: str, visibility: str
    ) -> Imported:
        first, *others = about.versions
        made = self._models.add(
            caller,
            name or about.name,
            self._taken_out(archive, first.file, first.file_name),
            description=about.description,
            notes=first.notes,
        )
        model_id, unchecked = made.model.id, list[str]()
        try:
            unchecked += self._with_stands(caller, archive, made, first)
            for version in others:
                file = self._taken_out(archive, version.file, version.file_name)
                made = self._models.add_version(caller, model_id, file, notes=version.notes)
                unchecked += self._with_stands(caller, archive, made, version)
            self._models.update(
                caller, model_id, model_type=about.model_type, visibility=visibility
            )
        except BaseException:
            self._models.delete(caller, model_id, with_deployments=True)
            raise
        return Imported(self._models.get_by_id(caller, model_id), tuple(unchecked))

    def _with_stands(
        self, caller: Caller, archive: Archive, made: VersionView, about: VersionAbout
    ) -> Iterator[str]:
        """Add what stood beside a version; yield what could not be checked, and why."""
        model_id, version = made.model.id, made.number
        fields = zip(made.declared.inputs, about.images, strict=False)
        for position, (field, recipe) in enumerate(fields):
            if field.image != recipe:
                self._models.set_image(caller, model_id, position, recipe, version=version)
        for number, stand in enumerate(about.stands):
            if number:
                self._revisions.save(
                    caller, model_id, stand.edits, version=version, note=stand.note
                )
            for check in stand.checks:
                try:
                    self._check(caller, archive, made, check)
                except SlipwayError as error:
                    yield f"version {version}, {check.file_name[:60]}: {error.message}"

    def _check(
        self, caller: Caller, archive: Archive, made: VersionView, about: CheckAbout
    ) -> None:
        self._matching.check(
            caller,
            made.model.id,
            made.number,
            self._taken_out(archive, about.file, about.file_name),
            tolerance=about.tolerance,
            columns=about.columns,
            outputs=list(about.columns),
        )

    def _taken_out(self, archive: Archive, sha256: str, name: str) -> Staged:
        """Receive a file of the archive as an upload would be."""
        with self._files.scratch() as folder:
            path = folder / "member"
            archive.take_out(f"files/{sha256}", path)
            with path.open("rb") as source:
                return self._files.stage(source, name, self._limit)


def _duplicated(path: Path, target: Path) -> None:
    try:
        duplicate(path, target)
    except FileNotFoundError:
        raise ModelUnavailable(
            "A file of the model is gone from the storage, so it cannot be exported; ask an admin "
            "to look at the storage folder."
        ) from None


def _about(archive: Archive) -> ModelAbout:
    try:
        about = msgspec.convert(archive.manifest.about, ModelAbout)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The archive does not say what its model is: {error}.") from error
    stands = [stand for version in about.versions for stand in version.stands]
    steps = len(stands) + sum(len(stand.checks) for stand in stands)
    if not about.versions or steps > _MOST_STEPS:
        raise InvalidInput(
            f"The archive has {len(about.versions)} versions with {steps} revisions and checks; "
            f"at least one version and at most {_MOST_STEPS:,} of these are taken."
        )
    if missing := _files_of(about) - {Path(name).name for name in archive.manifest.members}:
        raise InvalidInput(f"The archive is damaged: the file {min(missing)[:64]} is missing.")
    return about


def _files_of(about: ModelAbout) -> set[str]:
    checks = (
        check.file for each in about.versions for stand in each.stands for check in stand.checks
    )
    return {version.file for version in about.versions} | set(checks)


def _described(session: Session, model: Model) -> ModelAbout:
    query = select(Version).where(Version.model_id == model.id).order_by(Version.number)
    versions = tuple(_described_version(session, row) for row in session.scalars(query))
    return ModelAbout(model.name, model.model_type, model.description, versions)


def _described_version(session: Session, row: Version) -> VersionAbout:
    query = select(Revision).where(Revision.version_id == row.id).order_by(Revision.number)
    checks = _described_checks(session, row)
    saved = {each.number: (decoded_edits(each.edits), each.note) for each in session.scalars(query)}
    stands = (
        Stand(edits, note, tuple(checks.get(number, {}).values()))
        for number, (edits, note) in {0: (SchemaEdits(), ""), **saved}.items()
    )
    images = tuple(field.image for field in declared_info(row).inputs)
    return VersionAbout(row.source, row.file_name, row.notes, images, tuple(stands))


def _described_checks(session: Session, row: Version) -> dict[int, dict[str, CheckAbout]]:
    """Return the last check with each file, by the revision that it was made at."""
    query = select(Verdict).where(Verdict.version_id == row.id).order_by(Verdict.made)
    checks: dict[int, dict[str, CheckAbout]] = {}
    for verdict in session.scalars(query):
        columns = {pair.output: pair.column for pair in decoded_report(verdict.report).pairs}
        check = CheckAbout(verdict.file, verdict.file_name, verdict.tolerance, columns)
        checks.setdefault(verdict.revision or 0, {})[verdict.file] = check
    return checks
