"""The metadata as files that outlive DuckDB's own format: a Parquet file for each table.

They hold the rows of one moment under the columns' names. Read back, they go into a database of
the revision that they were written at, which the migrations then bring up to date.
"""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db.engine import Database, build
from core.errors import InvalidInput

_TABLES = text(
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = 'main' AND table_name <> 'alembic_version' ORDER BY table_name"
)


def pin(session: Session) -> list[str]:
    """Fix the moment that a reading session sees, and return the names of the tables then."""
    # DuckDB begins a transaction with its first look at a table of the database.
    session.execute(text("SELECT count(*) FROM alembic_version"))
    return list(session.scalars(_TABLES))


def write_table(session: Session, table: str, path: Path, *, rows: bool = True) -> None:
    """Write the rows of a table as the session sees them; without `rows` its columns alone."""
    chosen = f'"{table}"' if rows else f'(FROM "{table}" LIMIT 0)'
    session.execute(text(f"COPY {chosen} TO {_quoted(path)} (FORMAT parquet)"))


def read_tables(path: Path, revision: str, folder: Path, names: Collection[str]) -> None:
    """Make a database of the tables that lie in a folder, and bring it up to date.

    Raises InvalidInput where they are not the tables of that revision, or not what those hold.
    """

    def fill(connection: Connection) -> None:
        tables = list(connection.scalars(_TABLES))
        if sorted(names) != tables:
            wrong = ", ".join(sorted(set(names) ^ set(tables)))
            raise InvalidInput(f"Its tables are not those of schema {revision}: {wrong}.")
        for table in tables:
            _read_table(connection, table, folder / f"{table}.parquet")

    build(path, revision, fill)
    Database(path).close()


def _read_table(connection: Connection, table: str, path: Path) -> None:
    source = f"read_parquet({_quoted(path)})"
    try:
        # Names are of the schema, and paths are Slipway's own.
        connection.execute(text(f'INSERT INTO "{table}" BY NAME FROM {source}'))
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise InvalidInput(f"Its table {table} cannot be read: {reason}") from error


def _quoted(path: Path) -> str:
    # A colon would be a parameter to SQLAlchemy.
    return "'" + str(path).replace("'", "''").replace(":", "\\:") + "'"
