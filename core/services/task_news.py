"""What the end of a task brings about: its owner is told, on the pages and by a webhook.

Written in the transaction that ends the task, so that nobody is told twice or not at all.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.db.tables import Delivery, Task, Webhook, new_id, utc_now

NEW, TOLD = "new", "told"
WAITING = "waiting"


def announce_end(session: Session, task_id: str, *, by: str | None = None) -> None:
    """Let the owner of a task that ends know of it; not where the owner, by id, ended it."""
    task = session.get(Task, task_id)
    if task is None or task.owner_id == by:
        return
    session.execute(update(Task).where(Task.id == task_id).values(news=NEW))
    if session.get(Webhook, task.owner_id) is not None:
        session.add(waiting_delivery(task.owner_id, task_id))


def waiting_delivery(account_id: str, task_id: str | None) -> Delivery:
    """Return a row that says what is to be sent, at once."""
    now = utc_now()
    return Delivery(
        id=new_id(),
        account_id=account_id,
        task_id=task_id,
        state=WAITING,
        attempts=0,
        due=now,
        detail="",
        created=now,
    )
