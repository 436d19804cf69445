"""DuckDB connections that know one table alone: no file, no network, no setting to change.

They hang on one instance in memory, apart from that of the platform's own tables.
"""

import functools

import duckdb

_MEMORY = "512MiB"
# One thread: the order of rows is then that of the table, and a call takes one core.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "preserve_insertion_order": "true",
    "temp_directory": "",
    "threads": "1",
    "memory_limit": _MEMORY,
}
_LOCKED = (
    "SET python_enable_replacements = false",
    "SET TimeZone = 'UTC'",
    "SET lock_configuration = true",
)


def locked_connection() -> duckdb.DuckDBPyConnection:
    """Return a new connection, to be used by one thread at a time and closed."""
    return _instance().cursor()


@functools.cache
def _instance() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config=_CONFIG)
    for setting in _LOCKED:
        connection.execute(setting)
    return connection
