"""What becomes of the models, services and tasks of an account that is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db.tables import Account, Model, Task
from core.services.model_rows import remove_model
from core.services.names import LONGEST_NAME, name_key


@dataclass(frozen=True, slots=True)
class Estate:
    """What there is left to do once the transaction is through, and what to say of it.

    `models` have changed or are gone; the folders of `tasks` go, and those of the `artifacts`
    that nobody else uses.
    """

    models: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    artifacts: set[str] = field(default_factory=set)
    said: str = ""


def models_of(session: Session, account: Account) -> list[Model]:
    """Return the models of an account by name."""
    query = select(Model).where(Model.owner_id == account.id)
    return list(session.scalars(query.order_by(Model.name_key)))


def hand_over(session: Session, account: Account, heir: Account) -> Estate:
    """Make the heir the owner of every model and task of an account.

    Of a name that the heir has used already the model is told apart by whose it was.
    """
    models = models_of(session, account)
    taken = {model.name_key for model in models_of(session, heir)}
    for model in models:
        if model.name_key in taken:
            model.name = _told_apart(model.name, account.name, taken)
            model.name_key = name_key(model.name)
        taken.add(model.name_key)
        model.owner_id = heir.id
    own = update(Task).where(Task.owner_id == account.id)
    session.execute(own.values(owner_id=heir.id))
    said = f"{len(models)} models to {heir.name}"
    return Estate([model.id for model in models], said=said)


def remove_models(session: Session, models: Sequence[Model]) -> Estate:
    """Delete models with every row that hangs on them."""
    estate = Estate(said=f"with {len(models)} models" if models else "")
    for model in models:
        removed = remove_model(session, model)
        estate.models.append(model.id)
        estate.tasks.extend(removed.tasks)
        estate.artifacts.update(removed.artifacts)
    return estate


def _told_apart(name: str, owner: str, taken: set[str]) -> str:
    number = 1
    while True:
        tail = f" ({owner})" if number == 1 else f" ({owner} {number})"
        tail = tail[-LONGEST_NAME // 2 :]
        told = name[: LONGEST_NAME - len(tail)].rstrip() + tail
        if name_key(told) not in taken:
            return told
        number += 1
