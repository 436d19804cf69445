"""What owners are told on the pages of the ends of their tasks: once, until they have looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from core.db.engine import Database
from core.db.tables import Task
from core.services.accounts import Caller
from core.services.task_news import NEW, TOLD


@dataclass(frozen=True, slots=True)
class News:
    """A task of one's own that has ended; `message` says how."""

    task_id: str
    file_name: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is new since one was last told, and how many ends in all one has not looked at."""

    fresh: Sequence[News]
    unseen: int


class TaskNews:
    """Keeps who was told of what, in the database: a restart tells nothing twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, caller: Caller) -> Told:
        """Return what is new, each end once, and how many wait to be looked at."""
        rows = self._database.remembered(("news", caller), lambda: self._waiting(caller))
        fresh = [News(*row[:4]) for row in rows if row.news == NEW]
        if fresh:
            self._note([news.task_id for news in fresh])
        return Told(fresh, len(rows))

    def _waiting(self, caller: Caller) -> Sequence[Row[*tuple[Any, ...]]]:
        query = select(Task.id, Task.file_name, Task.state, Task.message, Task.news)
        mine = query.where(Task.owner_id == caller.id, Task.news.is_not(None))
        with self._database.reading() as session:
            return session.execute(mine.order_by(Task.finished)).all()

    def see(self, caller: Caller, task_id: str | None = None) -> None:
        """Forget that a task of the caller, or each of them, is waiting to be looked at."""
        which = [Task.owner_id == caller.id, Task.news.is_not(None)]
        which += [Task.id == task_id] if task_id is not None else []
        with self._database.reading() as session:
            if session.scalar(select(Task.id).where(*which).limit(1)) is None:
                return
        with self._database.writing() as session:
            session.execute(update(Task).where(*which).values(news=None))

    def _note(self, task_ids: Sequence[str]) -> None:
        fresh = (Task.id.in_(task_ids), Task.news == NEW)
        with self._database.writing() as session:
            session.execute(update(Task).where(*fresh).values(news=TOLD))
