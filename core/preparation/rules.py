"""What a step's query may hold, in the words of DuckDB's syntax trees, and why not the rest.

A part of a tree that is not named here is refused.
"""

from core.preparation.functions import words

TABLE = "input"

TYPES = words(
    "bool boolean logical tinyint int1 smallint int2 int16 short integer int int4 int32 signed "
    "bigint int8 int64 long hugeint int128 utinyint uint8 usmallint uint16 uinteger uint32 "
    "ubigint uint64 float float4 real double float8 decimal dec numeric varchar char bpchar "
    "text string date time timestamp datetime timestamp_s timestamp_ms timestamp_us interval"
)
TEXT_TYPES = words("varchar char bpchar text string")
OPERATORS = words(
    "COMPARE_IN COMPARE_NOT_IN OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_NOT OPERATOR_TRY "
    "OPERATOR_COALESCE OPERATOR_NULLIF ARRAY_EXTRACT ARRAY_SLICE STRUCT_EXTRACT"
)
ALONE = (
    "a step makes one row of each row that comes in, so that a record gets the same answer alone "
    "as in a file."
)
CLAUSES = {
    "where_clause": f"WHERE leaves rows out; {ALONE} Use CASE for what differs between rows.",
    "group_expressions": f"GROUP BY puts rows together; {ALONE}",
    "group_sets": f"GROUP BY puts rows together; {ALONE}",
    "having": f"HAVING leaves rows out; {ALONE}",
    "qualify": f"QUALIFY leaves rows out; {ALONE}",
    "sample": f"A sample leaves rows out; {ALONE}",
}
MODIFIERS = {
    "DISTINCT_MODIFIER": f"DISTINCT leaves rows out; {ALONE}",
    "LIMIT_MODIFIER": f"LIMIT leaves rows out; {ALONE}",
    "LIMIT_PERCENT_MODIFIER": f"LIMIT leaves rows out; {ALONE}",
    "ORDER_MODIFIER": "ORDER BY changes the order of the rows; answers are given in the order "
    "that the records came in. Leave it out.",
}
SOURCES = {
    "EMPTY": f"The query must read the records: end it with FROM {TABLE}.",
    "JOIN": f"A join can give more or fewer rows than came in; {ALONE} Look values up "
    "with CASE or a MAP.",
    "TABLE_FUNCTION": "A function that gives a table reads from outside or makes rows of its own; "
    f"a step reads the table {TABLE} alone.",
    "EXPRESSION_LIST": f"VALUES makes rows of its own; a step reads the table {TABLE} alone.",
    "PIVOT": f"PIVOT puts rows together; {ALONE}",
    "SHOW_REF": f"A step is one SELECT over the table {TABLE}, nothing else.",
}
NODES = {
    "SET_OPERATION_NODE": f"UNION, EXCEPT and INTERSECT change how many rows there are; {ALONE}",
    "RECURSIVE_CTE_NODE": f"A recursive query can run for ever; {ALONE}",
}
CLASSES = {
    "WINDOW": "A window function looks at other rows, so that a record would get another answer "
    "alone than in a file; make each row of itself alone.",
    "SUBQUERY": "A query inside an expression looks at other rows, so that a record would get "
    "another answer alone than in a file; only FROM (SELECT ...) may hold one.",
    "PARAMETER": "The query has a parameter, and nothing is given for it; write the value itself.",
    "LAMBDA": "Functions of your own (lambda) are not taken in a step.",
    "COLLATE": "COLLATE is not taken in a step; compare lower(x).",
    "POSITIONAL_REFERENCE": "Name the column instead of its place.",
    "DEFAULT": "DEFAULT stands for nothing here; write the value itself.",
}

STANDARD = "STANDARD_HANDLING"
EVERYWHERE = frozenset({"type", "class", "alias", "query_location", "query_location_length"})
SELECT_KEYS = frozenset({"cte_map", "select_list", "from_table", "aggregate_handling"}) | (
    CLAUSES.keys() | {"modifiers"}
)
CTE_KEYS = frozenset({"materialized", "query_node"})
SUBQUERY_KEYS = frozenset({"subquery"})
TABLE_KEYS = frozenset({"table_name", "qualified_name", "schema_name", "catalog_name", "sample"})
STAR_KEYS = frozenset(
    {"relation_name", "exclude_list", "replace_list", "rename_list", "columns", "expr"}
)
EXPRESSION_KEYS: dict[str, frozenset[str]] = {
    "COLUMN_REF": frozenset({"column_names"}),
    "CONSTANT": frozenset({"literal", "value"}),
    "FUNCTION": words(
        "function_name schema catalog order_bys is_operator arguments qualified_name distinct "
        "filter"
    ),
    "CASE": frozenset({"case_checks", "else_expr"}),
    "CAST": frozenset({"child", "type_expr", "try_cast", "cast_type"}),
    "COMPARISON": frozenset({"left", "right"}),
    "CONJUNCTION": frozenset({"children"}),
    "OPERATOR": frozenset({"children"}),
    "BETWEEN": frozenset({"input", "lower", "upper"}),
}
