"""The sample models: four small ones of Slipway's own, with data, for everything to be tried."""

import io
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Model, Version
from core.errors import InvalidInput
from core.files import Files
from core.samples.catalogue import SAMPLES
from core.samples.sample import Sample
from core.services.accounts import Caller
from core.services.model_rights import require_author
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.names import name_key
from core.services.revisions import Revisions

_LARGEST = 1 << 24
_BY_KEY = {sample.key: sample for sample in SAMPLES}
_BY_FILE = {sample.file_name: sample for sample in SAMPLES}


@dataclass(frozen=True, slots=True)
class SampleView:
    """A sample model, and the id of the caller's model that was made of it, None before."""

    key: str
    name: str
    model_id: str | None


@dataclass(frozen=True, slots=True)
class SampleData:
    """The file of data that belongs to a sample model; `write` makes its content."""

    name: str
    write: Callable[[], bytes]


class Samples:
    """Adds sample models by the way of every upload; afterwards they are models like others.

    A model was made of a sample if the first file of it has the sample's name.
    """

    def __init__(
        self, database: Database, files: Files, models: Models, revisions: Revisions
    ) -> None:
        self._database = database
        self._files = files
        self._models = models
        self._revisions = revisions

    def list_(self, caller: Caller) -> list[SampleView]:
        """Return the sample models in order, with which of them the caller has already."""
        have = self._database.remembered(("samples", caller), lambda: self._owned(caller))
        return [SampleView(each.key, each.name, have.get(each.file_name)) for each in SAMPLES]

    def add(self, caller: Caller, key: str) -> VersionView:
        """Add one sample model as the caller's, private; one that they have is returned as it is.

        Raises NotAllowed for viewers and InvalidInput for a key that no sample has.
        """
        require_author(caller)
        sample = _BY_KEY.get(key)
        if sample is None:
            raise InvalidInput(f'There is no sample "{key}"; there are {", ".join(_BY_KEY)}.')
        model_id = self._owned(caller).get(sample.file_name)
        if model_id is None:
            view = self._uploaded(caller, sample)
        else:
            view = self._models.get_by_id(caller, model_id, 1)
        if view.revision:
            return view
        note = "Labels, units and ranges of the sample."
        return self._revisions.save(caller, view.model.id, sample.edits, version=1, note=note)

    def data(self, version: VersionView) -> SampleData | None:
        """Return the data that belong to a version, None where it was made of no sample."""
        sample = _BY_FILE.get(version.file_name)
        return SampleData(sample.data_name, sample.write_data) if sample else None

    def _uploaded(self, caller: Caller, sample: Sample) -> VersionView:
        staged = self._files.stage(io.BytesIO(sample.write()), sample.file_name, _LARGEST)
        name = self._free_name(caller, sample.name)
        notes = "Made by Slipway."
        return self._models.add(caller, name, staged, description=sample.description, notes=notes)

    def _owned(self, caller: Caller) -> dict[str, str]:
        """Return the ids of the caller's sample models by the names of their files."""
        query = (
            select(Version.file_name, Model.id)
            .join(Model, Model.id == Version.model_id)
            .where(Model.owner_id == caller.id, Version.number == 1)
            .where(Version.file_name.in_(_BY_FILE))
        )
        with self._database.reading() as session:
            return dict(session.execute(query).all())

    def _free_name(self, caller: Caller, name: str) -> str:
        """Return the name, with a number where the caller has given it to something else."""
        query = select(Model.name_key).where(Model.owner_id == caller.id)
        with self._database.reading() as session:
            taken = set(session.scalars(query))
        names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
        return next(each for each in names if name_key(each) not in taken)
