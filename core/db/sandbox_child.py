"""The short-lived process that runs a query; started as a module by `core.db.sandbox`."""

import resource
import socket
import sys
from pathlib import Path
from threading import Lock

import duckdb
import msgspec
import pyarrow as pa

from core.db.sandbox import Order
from core.preparation.syntax import without_end

_BATCH = 1_000
_LARGEST_ANSWER = 16 << 20
_LONGEST_SENTENCE = 600
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE")
_KEPT = (*_NUMBERS, "UTINYINT", "USMALLINT", "UINTEGER", "BOOLEAN", "VARCHAR")
_WIDE = ("HUGEINT", "UHUGEINT", "UBIGINT", "DECIMAL")
# The values are those of every connection in this process, and are locked before a query is seen.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
    "threads": "2",
}


class Refused(Exception):
    """Why a query is not run, in a sentence."""


class _Table:
    """A table of the metadata: each scan of it reads a stream of its own over a socket."""

    asking = Lock()

    def __init__(self, name: str, control: socket.socket) -> None:
        self._name = name
        self._control = control

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        with self.asking:
            self._control.sendall(self._name.encode())
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not descriptors:
            raise Refused("A query may read 60 tables at most, counting each time it names one.")
        rows = socket.socket(fileno=descriptors[0]).makefile("rb")
        return pa.ipc.open_stream(rows).__arrow_c_stream__(requested_schema)


def main() -> None:
    """Carry out one order within its limits."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    _limit(order)
    carry_out(order)


def carry_out(order: Order) -> None:
    """Run the query of an order; what comes of it is left where this process stands."""
    try:
        _answer(order)
    except (Refused, duckdb.Error) as error:
        sentence = str(error).strip()[:_LONGEST_SENTENCE]
        Path("refusal").write_text(sentence, encoding="utf-8")


def _answer(order: Order) -> None:
    connection = duckdb.connect(":memory:", config=_CONFIG)
    connection.execute(f"SET memory_limit = '{order.limits.memory // 2 >> 20}MiB'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")
    sql = _one_select(connection, order.sql)
    with socket.socket(fileno=order.control) as control:
        for name in sorted(connection.get_table_names(sql)):
            if name in order.tables:
                connection.register(name, _Table(name, control))
        _write(_plain(connection.sql(sql)), order.limits.rows)


def _one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise Refused("Send one SELECT and nothing else: this is for reading alone.")
    return without_end(statements[0].query)


def _plain(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return a relation of numbers, truths and texts alone, each column of a name of its own."""
    columns, used = [], set[str]()
    for place, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), 1):
        quoted = '"' + _told_apart(name, used).replace('"', '""') + '"'
        columns.append(f"{_cast(place, str(kind))} AS {quoted}")
    return relation.project(", ".join(columns))


def _told_apart(name: str, used: set[str]) -> str:
    """Return a name that is not in use, whatever its case, and use it."""
    number, told = 1, name
    while told.casefold() in used:
        number += 1
        told = f"{name}_{number}"
    used.add(told.casefold())
    return told


def _cast(place: int, kind: str) -> str:
    if kind in _KEPT:
        return f"#{place}"
    return f"CAST(#{place} AS {'DOUBLE' if kind.startswith(_WIDE) else 'VARCHAR'})"


def _write(relation: duckdb.DuckDBPyRelation, most: int) -> None:
    """Write one row more than is wanted, if there is one; the reader then knows of others."""
    rows = size = 0
    reader = relation.to_arrow_reader(_BATCH)
    with Path("partial").open("wb") as file, pa.ipc.new_stream(file, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch.slice(0, most + 1 - rows))
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if size > _LARGEST_ANSWER:
                raise Refused("The answer has more than 16 MiB; ask for fewer or shorter values.")
            if rows > most:
                break
    Path("partial").replace("table")


def _limit(order: Order) -> None:
    for kind, most in (
        (resource.RLIMIT_DATA, order.limits.memory),
        (resource.RLIMIT_FSIZE, 4 * _LARGEST_ANSWER),
        (resource.RLIMIT_CPU, int(order.limits.seconds * 4) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


if __name__ == "__main__":
    main()
