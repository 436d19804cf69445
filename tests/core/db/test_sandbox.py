"""The process that runs a query can neither write nor read files, nor be talked out of it (A1).

The statements are run here by the child's own function, for to start a child takes a second.
"""

import socket
from pathlib import Path

import pyarrow as pa
import pytest

from core.db.sandbox import Limits, Order
from core.db.sandbox_child import carry_out

HOSTILE = [
    "INSERT INTO accounts (id) VALUES ('x')",
    "UPDATE accounts SET role = 'admin'",
    "DELETE FROM accounts",
    "DROP TABLE accounts",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET s (TYPE s3)",
    "ALTER TABLE accounts ADD COLUMN x INT",
    "TRUNCATE accounts",
    "MERGE INTO accounts USING tokens ON true WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM accounts RETURNING *) SELECT * FROM gone",
    "COPY accounts TO '{file}'",
    "COPY (SELECT 1) TO '{file}' (FORMAT PARQUET)",
    "COPY t FROM '{known}'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{database}' AS live",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs FROM 'http://127.0.0.1:1/x'",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "SET VARIABLE x = (SELECT 1)",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{file}'",
    "SELECT 1 /* */; DELETE FROM accounts --",
    "SELECT * FROM '{known}'",
    "SELECT * FROM read_csv('{known}')",
    "SELECT * FROM read_csv_auto('{known}')",
    "SELECT * FROM read_text('{known}')",
    "SELECT * FROM read_blob('{database}')",
    "SELECT * FROM read_json('{known}')",
    "SELECT * FROM read_parquet('{known}')",
    "SELECT * FROM parquet_metadata('{known}')",
    "SELECT * FROM sniff_csv('{known}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM query('SELECT * FROM read_text(''{known}'')')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{file}''')",
    "SELECT * FROM query_table('{known}')",
    "SELECT * FROM read_text('http://127.0.0.1:1/')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT getenv('HOME')",
    "SELECT * FROM order",
    "SELECT * FROM connection",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM live.accounts",
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "SELECT",
    "",
    "not a statement",
    "\0",
]


def run(sql: str, room: Path, monkeypatch: pytest.MonkeyPatch) -> str | pa.Table:
    """Return the refusal of a query, or its answer."""
    room.mkdir()
    monkeypatch.chdir(room)
    ours, theirs = socket.socketpair()
    with ours:
        carry_out(Order(sql, (), theirs.detach(), Limits()))
    if (room / "refusal").exists():
        return (room / "refusal").read_text()
    with pa.OSFile(str(room / "table")) as file:
        return pa.ipc.open_stream(file).read_all()


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:50])
def test_a_hostile_statement_is_refused_with_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """A1: they write, read files, load code, change what is locked, or are none."""
    known, database = tmp_path / "known.csv", tmp_path / "slipway.duckdb"
    for path in (known, database):
        path.write_text("a\nthe secret of this file\n")
    for place, path in {
        "{file}": tmp_path / "made",
        "{known}": known,
        "{folder}": tmp_path,
        "{database}": database,
    }.items():
        sql = sql.replace(place, str(path))
    said = run(sql, tmp_path / "room", monkeypatch)
    assert isinstance(said, str)
    assert said
    assert "the secret of this file" not in said
    left = sorted(path.name for path in tmp_path.rglob("*"))
    assert left == ["known.csv", "refusal", "room", "slipway.duckdb"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS a, 2 AS A", {"a": [1], "A_2": [2]}),
        (
            "SELECT INTERVAL 1 DAY AS i, [1] AS l, 'x' AS t",
            {"i": ["1 day"], "l": ["[1]"], "t": ["x"]},
        ),
        ("SELECT TIMESTAMP '9999-01-01' AS t", {"t": ["9999-01-01 00:00:00"]}),
        ("SELECT sum(x) AS s FROM range(3) t(x)", {"s": [3.0]}),
        ("SELECT x FROM (VALUES (1), (2)) t(x) ORDER BY x DESC", {"x": [2, 1]}),
        ("-- why\nSELECT 1 AS a; -- so", {"a": [1]}),
        ("SELECT ';é' AS \"é\" /* ; */ -- so", {"é": [";é"]}),
        ("SELECT 'é' AS a ; ", {"a": ["é"]}),
    ],
)
def test_an_answer_is_numbers_truths_and_texts_under_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, expected: dict[str, object]
) -> None:
    answer = run(sql, tmp_path / "room", monkeypatch)
    assert isinstance(answer, pa.Table), answer
    assert answer.to_pydict() == expected
