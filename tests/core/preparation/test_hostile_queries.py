"""A step's query is somebody else's SQL: what it may not do is refused before it runs (I20)."""

import pytest

from core.errors import InvalidInput
from core.preparation.grammar import read_query

# What a query must not do, with a word of the sentence that says why.
HOSTILE = {
    # other statements, or several
    "SELECT 1 FROM input; SELECT 2 FROM input": "statements",
    "SELECT * FROM input; DROP TABLE input": "SELECT",
    "ATTACH 'slipway.duckdb' AS other": "SELECT",
    "COPY (SELECT * FROM input) TO '/tmp/stolen.csv'": "SELECT",
    "INSTALL httpfs": "SELECT",
    "LOAD httpfs": "SELECT",
    "PRAGMA database_list": "SELECT",
    "SET memory_limit = '100GB'": "SELECT",
    "RESET lock_configuration": "SELECT",
    "CREATE TABLE mine AS SELECT * FROM input": "SELECT",
    "INSERT INTO input SELECT * FROM input": "SELECT",
    "UPDATE input SET x = 1": "SELECT",
    "DELETE FROM input": "SELECT",
    "CALL pragma_version()": "SELECT",
    "EXPLAIN ANALYZE SELECT * FROM input": "SELECT",
    "EXPORT DATABASE '/tmp/all'": "SELECT",
    "PREPARE mine AS SELECT * FROM input": "SELECT",
    "DESCRIBE input": "SELECT",
    "SUMMARIZE input": "SELECT",
    "SHOW TABLES": "SELECT",
    "PIVOT input ON x USING sum(x)": "SELECT",
    # reading anything but the table
    "SELECT * FROM '/etc/passwd'": "no table",
    "SELECT * FROM read_text('/etc/passwd')": "reads from outside",
    "SELECT * FROM read_csv('https://example.org/a.csv')": "reads from outside",
    "SELECT read_text('/etc/passwd') FROM input": "reads from outside",
    "SELECT * FROM glob('/*')": "reads from outside",
    "SELECT * FROM duckdb_settings()": "reads from outside",
    "SELECT * FROM information_schema.tables": "no table information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class": "no table",
    "SELECT * FROM accounts": "no table accounts",
    "SELECT * FROM main.input": "no table main.input",
    "SELECT getenv('SLIPWAY_SECRET') FROM input": "tells of the platform",
    "SELECT current_setting('threads') FROM input": "tells of the platform",
    "SELECT current_user FROM input": "tells of the platform",
    "SELECT version() FROM input": "tells of the platform",
    "SELECT json_serialize_sql('SELECT 1') FROM input": "not one of the functions",
    "SELECT * FROM input, range(1000000000)": "join",
    # other rows, more rows, fewer rows
    "SELECT sum(x) OVER () AS x FROM input": "window function",
    "SELECT avg(x) AS x FROM input": "other rows",
    "SELECT count(*) AS x FROM input": "other rows",
    "SELECT first(x ORDER BY x) AS x FROM input": "other rows",
    "SELECT x FROM input GROUP BY x": "GROUP BY",
    "SELECT x FROM input GROUP BY ALL": "GROUP BY",
    "SELECT x FROM input HAVING x > 1": "HAVING",
    "SELECT x FROM input WHERE x > 1": "WHERE",
    "SELECT x FROM input QUALIFY row_number() OVER () = 1": "QUALIFY",
    "SELECT DISTINCT x FROM input": "DISTINCT",
    "SELECT x FROM input LIMIT 1": "LIMIT",
    "SELECT x FROM input LIMIT 10%": "LIMIT",
    "SELECT x FROM input OFFSET 1": "LIMIT",
    "SELECT x FROM input ORDER BY x": "ORDER BY",
    "SELECT x FROM input USING SAMPLE 1": "sample",
    "SELECT x FROM input TABLESAMPLE 1 ROWS": "sample",
    "SELECT unnest([1, 2]) AS x FROM input": "more rows",
    "SELECT a.x FROM input a JOIN input b ON true": "join",
    "SELECT a.x FROM input a, input b": "join",
    "SELECT a.x FROM input a POSITIONAL JOIN input b": "join",
    "SELECT x FROM input UNION ALL SELECT x FROM input": "UNION",
    "SELECT x FROM input EXCEPT SELECT x FROM input": "UNION",
    "SELECT (SELECT max(x) FROM input) AS x FROM input": "inside an expression",
    "SELECT EXISTS (FROM input) AS x FROM input": "inside an expression",
    "SELECT x IN (FROM input) AS x FROM input": "inside an expression",
    "WITH RECURSIVE a AS (SELECT x FROM input UNION ALL FROM a) FROM a": "recursive",
    "VALUES (1)": "VALUES",
    "SELECT 1 AS x": "FROM input",
    # another answer each time
    "SELECT random() AS x FROM input": "each time",
    "SELECT uuid() AS x FROM input": "each time",
    "SELECT nextval('s') AS x FROM input": "each time",
    "SELECT now() AS x FROM input": "another day",
    "SELECT current_date AS x FROM input": "another day",
    "SELECT age(d) AS x FROM input": "another day",
    # memory and time
    "SELECT repeat('x', 2000000000) AS x FROM input": "memory",
    "SELECT lpad('x', 2000000000, 'y') AS x FROM input": "1,000",
    "SELECT lpad('x', n, 'y') AS x FROM input": "1,000",
    "SELECT format('{:>2000000000}', x) AS x FROM input": "memory",
    "SELECT printf('%2000000000d', x) AS x FROM input": "memory",
    "SELECT bar(x, 0, 1, 2000000000) AS x FROM input": "memory",
    "SELECT sleep_ms(100000) AS x FROM input": "any time",
    "SELECT levenshtein(x, y) AS x FROM input": "any time",
    "SELECT list_transform([x], lambda y: y) AS x FROM input": "lambda",
    "SELECT range(1000000000) AS x FROM input": "more rows",
    "SELECT replace(x, '', y) AS x FROM input": "in quotes",
    "SELECT regexp_replace(x, '', repeat('y', 9), 'g') AS x FROM input": "memory",
    "SELECT strftime(d, x) AS x FROM input": "in quotes",
    "SELECT regexp_replace(x, 'a*', '" + "y" * 99 + "', 'g') AS x FROM input": "64 times",
    # what cannot be judged
    "SELECT COLUMNS('x.*') FROM input": "COLUMNS",
    "SELECT COLUMNS(*) + 1 FROM input": "star",
    "SELECT $1 AS x FROM input": "parameter",
    "SELECT #1 AS x FROM input": "Name the column",
    "SELECT x.upper() AS x FROM input": "upper(x)",
    "SELECT main.upper(x) AS x FROM input": "upper(x)",
    "SELECT x::JSON AS x FROM input": "cast",
    "SELECT x::TIMESTAMPTZ AS x FROM input": "cast",
    "SELECT x AT TIME ZONE 'Asia/Shanghai' AS x FROM input": "timezone",
    "SELECT x COLLATE de AS x FROM input": "COLLATE",
    "SELECT a FROM input AS t(a)": "not taken",
    "WITH a(y) AS (SELECT x FROM input) SELECT y FROM a": "not taken",
    "SELECT DEFAULT FROM input": "DEFAULT",
    "SELECT x FROM input AT (VERSION => 1)": "not taken",
    "SELECT x FROM input FOR UPDATE": "Syntax error",
    "SELECT x FRM input": "Syntax error",
    "": "empty",
    "-- SELECT": "SELECT",
    "SELECT x FROM input /* no end": "Unterminated",
    "SELECT '\ud800' FROM input": "cannot be read",
    "SELECT 1\0 FROM input": "characters",
    "SELECT " + "(" * 5_000 + "x" + ")" * 4_999 + " FROM input": "characters",
    "SELECT " + "NOT " * 500 + "x FROM input": "nested",
    "SELECT " + "[" * 1_500 + "x" + "]" * 1_500 + " FROM input": "depth",
    "SELECT " + ",".join(["x+x"] * 2_400) + " FROM input": "parts",
}


@pytest.mark.parametrize(("sql", "why"), HOSTILE.items(), ids=lambda text: str(text)[:40])
def test_a_hostile_query_is_refused_with_a_sentence(sql: str, why: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_query(sql)
    said = " ".join([refusal.value.message, *(p.message for p in refusal.value.details or ())])
    assert why.lower() in said.lower()
    assert "\n" not in said


def test_texts_cannot_be_doubled_until_the_memory_is_full() -> None:
    levels = [f"t{n} AS (SELECT x||x AS x FROM t{n - 1})" for n in range(1, 40)]
    renamed = [f"t{n} AS (SELECT a||a AS b FROM t{n - 1})" for n in range(1, 40)]
    for steps in (levels, renamed):
        sql = f"WITH t0 AS (SELECT * FROM input), {', '.join(steps)} SELECT * FROM t39"
        with pytest.raises(InvalidInput, match="64 times"):
            read_query(sql)
    aliases = ", ".join(f"x{n}||x{n} AS x{n + 1}" for n in range(40))
    with pytest.raises(InvalidInput, match="64 times"):
        read_query(f"SELECT x AS x0, {aliases} FROM input")


def test_a_mistake_is_told_with_its_line_and_character() -> None:
    with pytest.raises(InvalidInput, match="Line 2, character 7: Syntax error"):
        read_query("SELECT 'é',\n  x y z FROM input")
    with pytest.raises(InvalidInput, match=r"Line 2, character 3: .*Did you mean lower\?"):
        read_query("SELECT 'é',\n  lowr(x) FROM input")


@pytest.mark.parametrize(
    "sql",
    [
        "FROM input",
        "TABLE input",
        "SELECT *, ln(income) AS income_log FROM input;",
        "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM input -- b counts from 1",
        "SELECT * RENAME (a AS b) FROM input",
        "SELECT i.x, i.* FROM input AS i",
        "WITH a AS (SELECT x + 1 AS y FROM input) SELECT y * 2 AS z FROM a",
        "SELECT y FROM (SELECT x AS y FROM input)",
        "SELECT CASE WHEN x > 1 THEN 'a' ELSE 'b' END AS c FROM input",
        "SELECT x BETWEEN 1 AND 2 AS a, x IN (1, 2) AS b, x IS NULL AS c, NOT y AS d FROM input",
        "SELECT coalesce(x, 1), nullif(x, 1), ifnull(x, 1), if(x > 1, 1, 2), TRY(ln(x)) FROM input",
        "SELECT MAP {'low': 1, 'high': 2}[level] AS level FROM input",
        "SELECT extract(year FROM d), date_diff('day', d, e), d + INTERVAL 1 DAY FROM input",
        "SELECT strftime(d, '%Y-%m'), strptime(x, '%d.%m.%Y') FROM input",
        "SELECT lpad(x, 5, '0'), replace(x, ',', '.'), substring(x FROM 1 FOR 2) FROM input",
        "SELECT x[1:2] FROM input",
        "SELECT x::INTEGER, TRY_CAST(x AS DECIMAL(10, 2)), DATE '2026-01-31' FROM input",
        "SELECT x LIKE 'a%', x ILIKE 'a%', regexp_matches(x, '^a') FROM input",
        "SELECT -x + 1 - 2 * 3 / 4 // 5 % 6 ** 7 FROM input",
    ],
)
def test_what_looks_at_one_row_alone_is_taken(sql: str) -> None:
    read_query(sql)


def test_a_query_tells_what_it_reads() -> None:
    reading = read_query("SELECT *, ln(Income) AS log, log + 1 AS more FROM input")
    assert (list(reading.reads), reading.star) == (["Income"], True)
    assert reading.makes == {"log", "more"}
    reading = read_query("WITH a AS (SELECT x, y AS z FROM input) SELECT z, w FROM a")
    assert (list(reading.reads), reading.star) == (["x", "y"], False)
