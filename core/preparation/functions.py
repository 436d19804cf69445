"""Which functions a step may call, and why not others: what DuckDB adds later is no surprise.

All of them look at one row alone, give the same answer every time, and take a time that grows
with their arguments only. What texts may grow to is bounded apart (`core.preparation.growth`).
"""


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


NUMBERS = words(
    "+ - * / // % ** ^ & | << >> ~ @ abs acos acosh asin asinh atan atan2 atanh bit_count cbrt "
    "ceil ceiling cos cosh cot degrees divide even exp fdiv floor fmod gamma gcd isfinite isinf "
    "isnan lcm least_common_multiple greatest_common_divisor lgamma ln log log10 log2 mod "
    "multiply nextafter pi pow power radians round round_even roundbankers sign signbit sin "
    "sinh sqrt subtract add tan tanh trunc xor"
)
DATES = words(
    "century date_add date_diff date_part date_sub datediff datepart datesub day dayofmonth "
    "dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_us era hour isodow isoyear "
    "julian last_day make_date make_time make_timestamp microsecond millennium millisecond "
    "minute month quarter second to_days to_hours to_microseconds to_milliseconds to_minutes "
    "to_months to_quarters to_seconds to_weeks to_years to_decades to_centuries week weekday "
    "weekofyear year yearweek date_trunc datetrunc time_bucket strptime try_strptime"
)
TESTS = words(
    "~~ !~~ ~~* !~~* ~~~ contains ends_with ilike_escape like_escape list_contains "
    "not_ilike_escape not_like_escape prefix regexp_full_match regexp_matches starts_with "
    "suffix ascii bit_length char_length character_length instr len length ord position strlen "
    "strpos unicode"
)
TEXTS = words(
    "|| array_extract array_value chr coalesce concat concat_ws dayname element_at greatest if "
    "ifnull lcase least left list_extract list_value lower lpad ltrim map map_extract "
    "map_extract_value monthname nullif overlay regexp_extract regexp_replace replace reverse "
    "right rpad rtrim split_part strftime strip_accents substr substring translate trim ucase "
    "upper"
)
ALLOWED = NUMBERS | DATES | TESTS | TEXTS

_OTHER_ROWS = words(
    "any_value approx_count_distinct arg_max arg_min avg bool_and bool_or count count_star "
    "cume_dist dense_rank entropy first first_value histogram kurtosis lag last last_value lead "
    "list max mean median min mode nth_value ntile percent_rank product quantile quantile_cont "
    "quantile_disc rank rank_dense regr_slope row_number skewness stddev stddev_pop stddev_samp "
    "string_agg sum sumkahan var_pop var_samp variance array_agg corr covar_pop covar_samp"
)
_CHANCE = words("random gen_random_uuid uuid uuidv4 uuidv7 setseed nextval currval setval")
_CLOCK = words(
    "age current_date current_localtime current_localtimestamp current_time current_timestamp "
    "get_current_time get_current_timestamp localtime localtimestamp now today ago "
    "transaction_timestamp txid_current pg_conf_load_time"
)
# What SQL writes without brackets, as if it were a column.
VALUES = words(
    "current_catalog current_date current_role current_schema current_time current_timestamp "
    "current_user localtime localtimestamp session_user user current_database"
)
_MORE_ROWS = words("unnest unlist generate_series range regexp_split_to_table generate_subscripts")
_OUTSIDE = words(
    "getenv getvariable current_setting current_query current_query_id current_user "
    "current_role session_user user current_database current_catalog current_schema "
    "current_schemas version pg_typeof in_search_path write_log current_connection_id "
    "current_transaction_id inet_server_addr inet_client_addr get_block_size"
)
_READERS = ("read_", "parquet_", "sniff_", "glob", "duckdb_", "pragma_", "pg_", "sqlite_", "http")
_ROOM = words("repeat format printf bar hex to_hex md5 sha256 array_resize list_resize")
_WAITS = words("sleep_ms pg_sleep levenshtein damerau_levenshtein editdist3")


def why_not(name: str) -> str:
    """Return why a function may not be called, as a sentence; `name` is in small letters."""
    for names, sentence in _REASONS:
        if name in names:
            return sentence.format(name=name)
    if name.startswith(_READERS):
        return (
            f"{name} reads from outside; a step sees the table input and nothing else of the "
            "platform, its files or the network."
        )
    return (
        f"{name} is not one of the functions that a step may call; the page on preprocessing in "
        "the docs names them all."
    )


_REASONS = (
    (
        _OTHER_ROWS,
        "{name} looks at other rows, so that a record would get another answer alone than in a "
        "file; make each row of itself alone.",
    ),
    (
        _CHANCE,
        "{name} gives something else each time, so that the same record would get different "
        "answers; leave it out.",
    ),
    (
        _CLOCK,
        "{name} gives something else on another day, so that the same record would get different "
        "answers; let callers send the date as a field.",
    ),
    (_MORE_ROWS, "{name} can give more rows than came in; a step makes one row of each row."),
    (
        _OUTSIDE,
        "{name} tells of the platform rather than of the row; a step sees the table input alone.",
    ),
    (_ROOM, "{name} can fill the memory with one call; a step may not use it."),
    (_WAITS, "{name} can take any time with one call; a step may not use it."),
)
