"""What may be written about a model, and when it may be added, renamed or deleted."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Deployment, Model, new_id, utc_now
from core.errors import Duplication, InvalidInput, InvalidModel
from core.runtimes.base import ModelInfo
from core.services.accounts import Caller
from core.services.model_rights import PRIVATE, TEAM
from core.services.names import clean_name, clean_text, name_key

# What people call the formats; a type that names one must be true.
_FORMAT_WORDS = {
    "pmml": "pmml",
    "onnx": "onnx",
    **dict.fromkeys(("scikit-learn", "sklearn", "skops", "joblib", "pickle", "pkl"), "sklearn"),
}


def new_model(caller: Caller, name: str, description: str, visibility: str) -> Model:
    """Return a row for the caller's new model; raises InvalidInput."""
    name = clean_name(name, "model name")
    now = utc_now()
    return Model(
        id=new_id(),
        owner_id=caller.id,
        name=name,
        name_key=name_key(name),
        description=clean_text(description, "description"),
        visibility=checked_visibility(visibility),
        created=now,
        updated=now,
    )


def add_model(session: Session, model: Model) -> Model:
    """Add a model to the transaction; raises Duplication if its name was taken meanwhile."""
    require_free(session, model)
    session.add(model)
    return model


def require_free(session: Session, model: Model) -> None:
    """Raise Duplication if another model of the same owner has this name."""
    same = (Model.owner_id == model.owner_id, Model.name_key == model.name_key)
    if session.scalar(select(Model.id).where(*same, Model.id != model.id)):
        raise Duplication(
            f'There is a model named "{model.name}" already; choose another name, or add a version '
            "to it."
        )


def rename_model(session: Session, model: Model, name: str) -> None:
    """Give a model another name; raises InvalidInput and Duplication."""
    with session.no_autoflush:
        model.name = clean_name(name, "model name")
        model.name_key = name_key(model.name)
        require_free(session, model)


def checked_visibility(visibility: str) -> str:
    """Return the visibility; raises InvalidInput if there is none such."""
    if visibility not in {PRIVATE, TEAM}:
        raise InvalidInput(f'The visibility is "{PRIVATE}" or "{TEAM}", not "{visibility}".')
    return visibility


def checked_type(model_type: str, info: ModelInfo) -> str:
    """Return the type that people gave, or what the model does if they gave none.

    Raises InvalidModel if it names another format than the file has.
    """
    if not model_type.strip():
        return info.function
    said = _FORMAT_WORDS.get(model_type.strip().casefold())
    if said and said != _FORMAT_WORDS.get(info.format, info.format):
        raise InvalidModel(
            f"The type says {model_type.strip()}, but the file holds a model in the format "
            f"{info.format}; correct the type, or leave it out."
        )
    return clean_name(model_type, "model type")


def require_nothing_running(session: Session, model: Model) -> None:
    """Raise InvalidInput if services of the model run."""
    running = (Deployment.model_id == model.id, Deployment.state == "running")
    names = list(session.scalars(select(Deployment.name).where(*running)))
    if names:
        raise InvalidInput(
            f'"{model.name}" is in use by {", ".join(sorted(names))}; pause or delete that first.'
        )
