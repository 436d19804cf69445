"""Models and their versions: who may see and change them, and how a file becomes one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Model, Version, new_id, utc_now
from core.files import Files, Staged
from core.image_recipe import ImageRecipe
from core.runtimes.base import ModelInfo
from core.runtimes.edits import edited
from core.runtimes.inspection import Inspected
from core.services import events
from core.services.accounts import Caller
from core.services.approvals import Approvals
from core.services.artifacts import Artifacts, consuming, examined
from core.services.model_checks import (
    add_model,
    checked_type,
    checked_visibility,
    new_model,
    rename_model,
    require_free,
    require_nothing_running,
)
from core.services.model_images import changed_recipes, guessed_recipes
from core.services.model_rights import (
    changeable_model,
    no_such_model,
    require_author,
    require_still_author,
    visible,
)
from core.services.model_rows import (
    declared_info,
    encoded_info,
    newest_info,
    newest_number,
    remove_model,
    revision_edits,
    version_info,
    version_row,
)
from core.services.model_views import (
    ModelName,
    ModelView,
    VersionView,
    gone_version,
    model_view,
    model_views,
    version_at,
    version_view,
)
from core.services.names import clean_text, name_key


class Models:
    """The models of one platform.

    `inspect` opens an upload and raises InvalidModel for what cannot be scored; where an admin may
    help, `approvals` keeps what was asked.
    """

    def __init__(
        self,
        database: Database,
        files: Files,
        inspect: Callable[[Staged], Inspected],
        approvals: Approvals,
    ) -> None:
        self._database = database
        self._files = files
        self._inspect = inspect
        self._approvals = approvals
        self.artifacts = Artifacts(database, files)
        # A process that was killed may have kept a file whose version it never added.
        self.artifacts.drop_unused(files.artifacts())
        self._listeners: list[Callable[[str], None]] = []

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a model's id after each change or deletion of the model."""
        self._listeners.append(listener)

    def add(
        self,
        caller: Caller,
        name: str,
        staged: Staged,
        *,
        description: str = "",
        model_type: str = "",
        visibility: str = "private",
        notes: str = "",
    ) -> VersionView:
        """Make a model of an upload, which is used up whatever comes of it.

        `model_type` is what the model does unless said otherwise. Raises NotAllowed for viewers,
        InvalidInput for what the texts cannot be, Duplication for a name that the caller has
        given already, InvalidModel for a file that cannot be scored or is not of the type.
        """
        with consuming(staged):
            require_author(caller)
            model = new_model(caller, name, description, visibility)
            notes = clean_text(notes, "notes")
            with self._database.reading() as session:
                require_free(session, model)
            with self._examined(caller, staged) as inspected:
                model.model_type = checked_type(model_type, inspected.info)
                self._store(
                    caller, staged, inspected, notes, lambda session: add_model(session, model)
                )
        return self.get_by_id(caller, model.id)

    def add_version(
        self, caller: Caller, model_id: str, staged: Staged, *, notes: str = ""
    ) -> VersionView:
        """Make a new version of a model of an upload; the versions before stay as they are.

        The upload is used up whatever comes of it. Raises as `add` does, and ModelNotFound.
        """
        with consuming(staged):
            notes = clean_text(notes, "notes")
            with self._database.reading() as session:
                changeable_model(session, caller, model_id)
            with self._examined(caller, staged) as inspected:
                number = self._store(
                    caller,
                    staged,
                    inspected,
                    notes,
                    lambda session: changeable_model(session, caller, model_id),
                )
        self.tell(model_id)
        return self.get_by_id(caller, model_id, number)

    def get(
        self, caller: Caller, name: str, *, owner: str | None = None, version: int | None = None
    ) -> VersionView:
        """Return a model's information at a version, by default the newest.

        `owner` names whose model it is, if not the caller's. Raises ModelNotFound also where the
        caller may not see the model, and VersionNotFound.
        """
        owner = owner or caller.name
        named = (Model.name_key == name_key(name), Account.name_key == name_key(owner))
        with self._database.reading() as session:
            for model in model_views(session, *named, visible(caller)):
                return version_at(session, model, version)
        raise no_such_model(name, owner)

    def get_by_id(self, caller: Caller, model_id: str, version: int | None = None) -> VersionView:
        """Return what `get` does for a model's id."""
        with self._database.reading() as session:
            return version_at(session, model_view(session, caller, model_id), version)

    def get_version(self, version_id: str) -> VersionView:
        """Return a version for the platform itself: nobody's rights are asked."""
        with self._database.reading() as session:
            row = session.get(Version, version_id)
            if row is None:
                raise gone_version()
            [model] = model_views(session, Model.id == row.model_id)
            return version_view(model, row)

    def info_at(self, version_id: str, revision: int) -> ModelInfo:
        """Return a version's information as it stood at a revision, for the platform itself."""
        with self._database.reading() as session:
            row = session.get(Version, version_id)
            if row is None:
                raise gone_version()
            return edited(declared_info(row), revision_edits(session, row, revision))

    def versions_of(self, source: str) -> list[str]:
        """Return the ids of the versions made of a file (SHA-256), for the platform itself."""
        with self._database.reading() as session:
            return list(session.scalars(select(Version.id).where(Version.source == source)))

    def list_(self, caller: Caller) -> list[ModelView]:
        """Return the models that the caller may see, the last changed first."""
        return list(self._database.remembered(("models", caller), lambda: self._list(caller)))

    def _list(self, caller: Caller) -> list[ModelView]:
        with self._database.reading() as session:
            return list(model_views(session, visible(caller)))

    def names(self, caller: Caller) -> list[ModelName]:
        """Return what the models are called that `list_` returns, in a fraction of its time."""
        return list(self._database.remembered(("names", caller), lambda: self._names(caller)))

    def _names(self, caller: Caller) -> list[ModelName]:
        query = select(Model.id, Model.name, Account.name).where(visible(caller))
        joined = query.join(Account, Account.id == Model.owner_id)
        with self._database.reading() as session:
            rows = session.execute(joined.order_by(Model.updated.desc(), Model.name_key)).all()
        return [ModelName(*row) for row in rows]

    def versions(self, caller: Caller, model_id: str) -> list[VersionView]:
        """Return the versions of a model, newest first; raises ModelNotFound."""
        query = select(Version).where(Version.model_id == model_id)
        with self._database.reading() as session:
            model = model_view(session, caller, model_id)
            rows = session.scalars(query.order_by(Version.number.desc()))
            return [version_view(model, row) for row in rows]

    def update(
        self,
        caller: Caller,
        model_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        model_type: str | None = None,
        visibility: str | None = None,
    ) -> ModelView:
        """Change what people say of a model; None leaves a text as it is.

        Raises as `add` does, and ModelNotFound.
        """
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            if name is not None:
                rename_model(session, model, name)
            if description is not None:
                model.description = clean_text(description, "description")
            if model_type is not None:
                model.model_type = checked_type(model_type, newest_info(session, model_id))
            if visibility is not None:
                model.visibility = checked_visibility(visibility)
            model.updated = utc_now()
            events.record(session, caller, "changed", "model", model.id, model.name)
        self.tell(model_id)
        return self.get_by_id(caller, model_id).model

    def set_image(
        self,
        caller: Caller,
        model_id: str,
        position: int,
        recipe: ImageRecipe | None,
        *,
        version: int | None = None,
    ) -> VersionView:
        """Say how a picture becomes the input at a position; None: it takes numbers alone.

        Calls of the version's services go by it at once. Raises ModelNotFound, NotAllowed,
        VersionNotFound, and InvalidInput for a recipe that does not give what the input takes.
        """
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            newest = newest_number(session, model.id)
            row = version_row(session, model.id, model.name, newest, version)
            row.images = changed_recipes(version_info(row), position, recipe)
            model.updated = utc_now()
            detail = f"the image recipe of version {row.number}"
            events.record(session, caller, "changed", "model", model.id, model.name, detail)
        self.tell(model_id)
        return self.get_by_id(caller, model_id, row.number)

    def delete(self, caller: Caller, model_id: str, *, with_deployments: bool = False) -> None:
        """Delete a model with its versions, paused services, calls and tasks.

        Raises ModelNotFound, NotAllowed, and InvalidInput while services of it run, unless they
        are to go too.
        """
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            if not with_deployments:
                require_nothing_running(session, model)
            removed = remove_model(session, model)
            events.record(session, caller, "deleted", "model", model.id, model.name)
        self.tell(model_id)
        for task in removed.tasks:
            self._files.drop_job(task)
        self.artifacts.drop_unused(removed.artifacts)

    @contextmanager
    def _examined(self, caller: Caller, staged: Staged) -> Iterator[Inspected]:
        """Inspect an upload; what it holds that an admin may approve is asked for."""
        with self._approvals.asking(caller, staged), examined(staged, self._inspect) as inspected:
            yield inspected

    def _store(
        self,
        caller: Caller,
        staged: Staged,
        inspected: Inspected,
        notes: str,
        model_of: Callable[[Session], Model],
    ) -> int:
        """Keep the files and add a version in one transaction; return its number."""
        with (
            self.artifacts.kept(staged, inspected) as kept,
            self._database.writing() as session,
        ):
            require_still_author(session, caller)
            model = model_of(session)
            number = newest_number(session, model.id) + 1
            row = Version(
                id=new_id(),
                model_id=model.id,
                number=number,
                artifact=kept.artifact,
                source=kept.source,
                file_name=staged.name,
                size=staged.size,
                info=encoded_info(inspected.info),
                notes=notes,
                created=utc_now(),
                created_by=caller.name,
                images=guessed_recipes(inspected.info),
            )
            session.add(row)
            model.updated = row.created
            action = "uploaded" if number == 1 else "added version"
            events.record(
                session, caller, action, "model", model.id, model.name, f"version {number}"
            )
            return number

    def tell(self, model_id: str) -> None:
        """Call the listeners; to be called after the commit of any change to a model."""
        for listener in self._listeners:
            listener(model_id)
