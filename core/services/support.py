"""Questions in SQL over the metadata, for an admin who looks into something (A1)."""

import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Column, Table, select

from core.db.engine import Database, arrow_reader
from core.db.sandbox import Limits, answer
from core.db.tables import Base
from core.errors import InvalidInput, NotAllowed, NotFound, Overloaded
from core.services.accounts import Caller, Role

LIMITS = Limits()
_AT_ONCE = 2
_LONGEST_SQL = 20_000
_LOGGED = 500
# What proves who somebody is, or lets a program in, is nobody's to read; nor is what others asked
# of a model, which is no metadata. A column that a later table has is hidden by its name.
_SECRET = re.compile(r"password|secret|digest|hash|token|cookie|signature|salt|url")
_SECRET_COLUMNS = {
    *("sign_ins.id", "accounts.subject", "call_logs.input", "call_logs.output"),
    *("cases.record", "cases.pictures", "cases.answer"),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TableView:
    """A table that may be asked about, with the columns that may be seen."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The first rows of an answer, how long it took, and whether there are `more` rows."""

    table: pa.Table
    more: bool
    seconds: float


class Support:
    """Runs the queries of admins, each in a process of its own that holds no file."""

    def __init__(self, database: Database, limits: Limits = LIMITS) -> None:
        self._database = database
        self._limits = limits
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._tables = {str(table.name): _shown(table) for table in Base.metadata.sorted_tables}

    def tables(self, caller: Caller) -> list[TableView]:
        """Return what may be asked about, by name; raises NotAllowed to anybody but admins."""
        _require_admin(caller)
        names = sorted(self._tables)
        return [TableView(name, tuple(c.name for c in self._tables[name])) for name in names]

    def query(self, caller: Caller, sql: str) -> Found:
        """Run one SELECT over the tables.

        Raises NotAllowed, Overloaded, and InvalidInput for anything else than a SELECT, for what
        is wrong in it, and for what takes more than `Limits`.
        """
        _require_admin(caller)
        if len(sql) > _LONGEST_SQL:
            raise InvalidInput(f"The query has {len(sql):,} characters; at most 20,000 are read.")
        with self._turn():
            _log.info("%s asks the metadata: %s", caller.name, " ".join(sql.split())[:_LOGGED])
            began = time.perf_counter()
            found = answer(sql, tuple(self._tables), self._rows, self._limits)
            return Found(found.table, found.more, time.perf_counter() - began)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(blocking=False):
            raise Overloaded(f"{_AT_ONCE} queries run already; try again when one has ended.")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _rows(self, name: str) -> Iterator[pa.RecordBatchReader]:
        if name not in self._tables:
            raise NotFound(f'There is no table "{name[:40]}".')
        with self._database.reading() as session:
            yield arrow_reader(session, select(*self._tables[name]))


def _shown(table: Table) -> Sequence[Column[object]]:
    return [column for column in table.columns if not is_secret(table.name, column.name)]


def is_secret(table: str, column: str) -> bool:
    """Return whether a column is hidden from queries."""
    return f"{table}.{column}" in _SECRET_COLUMNS or _SECRET.search(column) is not None


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin may ask the metadata.")
