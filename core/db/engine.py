"""The one door to the metadata: migrated when it is opened, many readers, one writer at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.errors import InternalError

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
        self._engine = _engine(path)
        try:
            with self._engine.begin() as connection:
                self._migrate(connection)
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

    def close(self) -> None:
        """Let go of the file, once the transaction under way is over."""
        with self._writer:
            self._engine.dispose()

    def _migrate(self, connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        known = ScriptDirectory.from_config(config)
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision and revision not in {script.revision for script in known.walk_revisions()}:
            raise InternalError(
                f"{self._path} was written by a newer Slipway (schema {revision}; this one knows "
                f"schemas up to {known.get_current_head()}). Install that Slipway again, or put "
                "back the copy of the storage folder from before."
            )
        command.upgrade(config, "head")


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


def _engine(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    url = URL.create("duckdb", database=str(path))
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
