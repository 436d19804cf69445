"""Takes away the rows of tasks whose model, deployment or owner goes away."""

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.db.tables import Task


def remove_tasks(session: Session, which: ColumnElement[bool]) -> list[str]:
    """Delete the tasks that `which` selects, and return their ids.

    Their folders are the caller's to drop once the transaction is through.
    """
    chosen = select(Task.id).where(which)
    ids = list(session.scalars(chosen))
    session.execute(update(Task).where(Task.retry_of.in_(chosen)).values(retry_of=None))
    session.execute(delete(Task).where(which))
    return ids
