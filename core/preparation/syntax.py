"""Has DuckDB's parser read a step's query, and says where in it something is wrong."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import duckdb
import msgspec

from core.errors import InvalidInput, Problem
from core.preparation.connection import locked_connection
from core.preparation.rules import TABLE

LONGEST_QUERY = 10_000
_LONGEST_SENTENCE = 300

Node = Mapping[str, Any]


def refused(problems: Sequence[Problem]) -> InvalidInput:
    """Return the error of a query with all that is wrong in it."""
    more = len(problems) - 1
    return InvalidInput(
        problems[0].message + (f" ({more} more in details.)" if more else ""), details=problems
    )


def without_end(sql: str) -> str:
    """Return a statement without its semicolon and what follows: it becomes part of another."""
    tokens = [at for at, kind in duckdb.tokenize(sql) if kind is not duckdb.token_type.comment]
    text, last = sql.encode(), tokens[-1]
    return text[:last].decode() if text[last : last + 1] == b";" else sql


def problem_at(sql: str, place: int | None, sentence: str) -> Problem:
    """Return a problem of a query, with the line and the character of a place in its bytes."""
    if place is None:
        return Problem(sentence, "query")
    before = sql.encode()[:place].decode(errors="ignore")
    line, start = before.count("\n") + 1, before.rfind("\n") + 1
    return Problem(f"Line {line}, character {len(before) - start + 1}: {sentence}", "query")


def statement_of(sql: str) -> Node:
    """Return the tree of a query that is one SELECT; raises InvalidInput for anything else."""
    if not sql.strip():
        raise InvalidInput("The query is empty; write one, such as the example beside it.")
    if len(sql) > LONGEST_QUERY or "\0" in sql:
        raise InvalidInput(
            f"The query has {len(sql):,} characters; at most {LONGEST_QUERY:,} are taken, and none "
            "that cannot be written."
        )
    parsed = _parsed(sql)
    if parsed["error"]:
        raise refused([_syntax(sql, parsed)])
    statements = parsed["statements"]
    if len(statements) != 1:
        raise InvalidInput(f"These are {len(statements)} statements; a step is one SELECT.")
    statement: Node = statements[0]
    return statement


def _parsed(sql: str) -> dict[str, Any]:
    wanted = "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, "
    try:
        sql.encode()
        with closing(locked_connection()) as connection:
            [[text]] = connection.execute(f"{wanted} skip_default := true)", [sql]).fetchall()
        parsed: dict[str, Any] = msgspec.json.decode(text)
    except RecursionError:
        raise InvalidInput("The query is nested too deep; make it simpler.") from None
    except (duckdb.Error, UnicodeError, msgspec.DecodeError) as error:
        raise InvalidInput(f"The query cannot be read: {short(str(error))}") from None
    return parsed


def _syntax(sql: str, parsed: Node) -> Problem:
    message = short(str(parsed.get("error_message", "")))
    if parsed.get("error_type") == "not implemented":
        return Problem(
            f"A step is one SELECT (or WITH ... SELECT) over the table {TABLE}, nothing else.",
            "query",
        )
    position = str(parsed.get("position", ""))
    place = int(position) if position.isdigit() else None
    return problem_at(sql, place, f"{message[:1].upper()}{message[1:]}.")


def short(message: str) -> str:
    """Return a message of DuckDB in one line, without its kind and the place in the query."""
    plain = message.split("\n\nLINE ")[0].partition("Error: ")
    text = " ".join((plain[2] or plain[0]).split())
    return text[:_LONGEST_SENTENCE].rstrip(".")
