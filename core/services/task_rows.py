"""What becomes of the rows of tasks whose model, deployment or owner goes away."""

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.db.tables import Task, utc_now
from core.services.task_news import announce_end


def remove_tasks(session: Session, which: ColumnElement[bool]) -> list[str]:
    """Delete the tasks that `which` selects, and return their ids.

    Their folders are the caller's to drop once the transaction is through.
    """
    chosen = select(Task.id).where(which)
    ids = list(session.scalars(chosen))
    session.execute(update(Task).where(Task.retry_of.in_(chosen)).values(retry_of=None))
    session.execute(delete(Task).where(which))
    return ids


def end_tasks_of(session: Session, deployment_id: str, message: str) -> None:
    """Take the tasks of a service that is being deleted away from it.

    What has ended stays as it is, with its result; what has not is cancelled with the message.
    """
    own = Task.deployment_id == deployment_id
    for task_id in cancel_tasks(session, own, message):
        announce_end(session, task_id)
    session.execute(update(Task).where(own).values(deployment_id=None))


def cancel_tasks(session: Session, which: ColumnElement[bool], message: str) -> list[str]:
    """Cancel those of the tasks that `which` selects that are not over, and return their ids.

    Whoever works at them is the caller's to stop once the transaction is through.
    """
    unfinished = (which, Task.finished.is_(None))
    ids = list(session.scalars(select(Task.id).where(*unfinished)))
    ended = {"state": "cancelled", "message": message, "finished": utc_now()}
    session.execute(update(Task).where(*unfinished).values(**ended))
    return ids
