"""The one door to the metadata: migrated when it is opened, many readers, one writer at a time."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Select, create_engine, text
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.errors import InternalError

T = TypeVar("T")

_READ_ROWS = 10_000
_MOST_ANSWERS = 1_000
_DIALECT = "duckdb.remembering"
MIGRATIONS = Path(__file__).with_name("migrations")

# The metadata needs nothing that DuckDB would fetch from elsewhere.
_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


class DuckDBImpl(DefaultImpl):
    """What Alembic must know of DuckDB: its name, and that a failed migration rolls back."""

    __dialect__ = "duckdb"
    transactional_ddl = True


class Database:
    """The metadata of one platform; threads may share it.

    DuckDB lets one process open the file. It refuses the second of two transactions that change
    the same row, so this process writes one transaction at a time: conflicts cannot happen, and
    nothing has to be tried again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = threading.Lock()
        self._answers: dict[Hashable, Any] = {}
        self._engine = _engine(path)
        try:
            with self._engine.begin() as connection:
                _migrate(connection, "head")
        except DBAPIError as error:
            self._engine.dispose()
            raise InternalError(_why_not_opened(path, str(error.orig))) from error
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session on one state of the database; what is changed in it is lost."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield the only session that may change rows; commits at the end unless the body raises.

        What was read in it can still be looked at afterwards. Never open one inside another: the
        inner one would wait for the outer one for ever.
        """
        with self._writer, Session(self._engine, expire_on_commit=False) as session:
            yield session
            session.commit()
            self._answers = {}  # a reader who began before still fills the old ones, for nobody

    def remembered(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question, which is asked again once anything was written.

        It is for what the pages of every visitor ask. The key names the whole question, with its
        moment where the answer depends on that. The answers are shared: nobody may change them.
        """
        answers = self._answers
        if key not in answers:
            if len(answers) >= _MOST_ANSWERS:
                answers = self._answers = {}
            answers[key] = ask()
        answer: T = answers[key]
        return answer

    def checkpoint(self) -> None:
        """Merge what was written lately into the file, and let the room of deleted rows be used."""
        with self._writer, Session(self._engine) as session:
            session.execute(text("CHECKPOINT"))

    def close(self) -> None:
        """Let go of the file, once the transaction under way is over."""
        with self._writer:
            self._engine.dispose()


def schema_revision() -> str:
    """Return the revision of the schema that an open database has."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise InternalError("Slipway was installed without its migrations; install it again.")
    return head


def knows(revision: str) -> bool:
    """Return whether a revision of the schema can be brought up to that of this Slipway."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {script.revision for script in known}


def build(path: Path, revision: str, fill: Callable[[Connection], None]) -> None:
    """Make a database at a revision of the schema, filled in the same transaction.

    It is brought up to the newest revision when it is opened.
    """
    engine = _engine(path)
    try:
        with engine.begin() as connection:
            _migrate(connection, revision)
            fill(connection)
    finally:
        engine.dispose()


@contextmanager
def arrow_view(session: Session, name: str, table: pa.Table) -> Iterator[None]:
    """Let the session's statements read an Arrow table under a name."""
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise InternalError("The session has lost its connection.")
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


def _migrate(connection: Connection, target: str) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision and not knows(revision):
        raise InternalError(
            f"{connection.engine.url.database} was written by a newer Slipway (schema {revision}; "
            f"this one knows schemas up to {schema_revision()}). Install that Slipway again, or "
            "put back the copy of the storage folder from before."
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def arrow_reader(session: Session, query: Select[*tuple[Any, ...]]) -> pa.RecordBatchReader:
    """Return the rows of a query without parameters as they are read, while the session is open."""
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise InternalError("The session has lost its connection.")
    sql = str(query.compile(session.get_bind()))
    reader: pa.RecordBatchReader = connection.sql(sql).to_arrow_reader(_READ_ROWS)
    return reader


def _engine(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    registry.register(_DIALECT, "core.db.dialect", "RememberingDialect")
    url = URL.create(_DIALECT.replace(".", "+"), database=str(path))
    # No limit to the connections: a reader must not wait for others who wait for it.
    return create_engine(url, max_overflow=-1, connect_args={"config": _CONFIG})


def _why_not_opened(path: Path, reason: str) -> str:
    if "Conflicting lock" in reason:
        return (
            f"{path} is open in another process. Stop the other Slipway first, or give this one "
            "a storage folder of its own with SLIPWAY_STORAGE."
        )
    return (
        f"{path} cannot be opened as Slipway's database. Put back a copy of the storage folder, "
        f"or move the file away to start afresh. DuckDB says: {reason.splitlines()[0]}"
    )
