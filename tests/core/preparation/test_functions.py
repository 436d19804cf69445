"""The functions that a step may call: DuckDB has each, and the docs name each (I20)."""

import re
from pathlib import Path

from core.preparation.connection import locked_connection
from core.preparation.functions import ALLOWED

DOCS = Path(__file__).resolve().parents[3] / "docs" / "preprocessing.md"
_SYNTAX = {"coalesce", "if", "ifnull", "nullif"}  # the parser makes something else of these
_MAKES_IT_UP = {
    "random",
    "now",
    "repeat",
    "unnest",
    "read_text",
    "getenv",
    "current_setting",
    "query",
    "sum",
    "hash",
}


def test_the_docs_name_every_function_that_a_step_may_call() -> None:
    text = DOCS.read_text(encoding="utf-8")
    part = text.split("<!-- functions -->")[1].split("They do what")[0]
    named = set(re.findall(r"[a-z_][a-z0-9_]*", part))
    assert named == {name for name in ALLOWED if name[0].isalpha()}


def test_duckdb_has_every_function_and_none_of_them_is_volatile() -> None:
    connection = locked_connection()
    try:
        found = connection.execute(
            "SELECT function_name, coalesce(bool_or(stability = 'VOLATILE'), false), "
            "bool_or(function_type IN ('scalar', 'macro')) FROM duckdb_functions() GROUP BY ALL"
        ).fetchall()
    finally:
        connection.close()
    known = {name: (volatile, plain) for name, volatile, plain in found}
    assert {name for name in ALLOWED if name not in known} <= _SYNTAX
    assert not {name for name in ALLOWED if name in known and known[name] != (False, True)}


def test_what_reaches_beyond_the_row_is_not_among_them() -> None:
    assert not _MAKES_IT_UP & ALLOWED
