"""DuckDB as SQLAlchemy sees it, but that a statement is made into SQL once and remembered."""

from duckdb_engine import Dialect


class RememberingDialect(Dialect):  # type: ignore[misc]
    """duckdb_engine's dialect, which has SQLAlchemy make the SQL of a statement anew at each use.

    Nothing in it depends on values: they are parameters, which a remembered statement takes anew.
    """

    supports_statement_cache = True
