"""The tables of what was called: each call for some weeks, sums of them by the minute and the hour.

Logs have no key: millions of rows are appended, none is looked up alone. A minute or an hour may be
in several rows of the same key (the writer only appends), so readers always sum up.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Integer,
    SmallInteger,
    String,
    Table,
)

from core.db.tables import Base


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _measure(name: str) -> Column[float]:
    return Column(name, Double, nullable=False)


def _time(name: str) -> Column[object]:
    return Column(name, DateTime, nullable=False, quote=True)  # `at` is a reserved word of DuckDB


calls = Table(
    "calls",
    Base.metadata,
    _text("deployment_id"),
    Column("version", Integer, nullable=False),
    _time("at"),
    _count("rows"),
    _count("failed_rows"),
    _text("code"),
    _measure("latency_ms"),
    _text("caller_id"),
)


def _counts(name: str) -> Table:
    """Return a table of calls summed up by version, caller and code; `at` is where a span begins.

    The latencies are in milliseconds, the code is empty for calls that were answered.
    """
    return Table(
        name,
        Base.metadata,
        _text("deployment_id"),
        _time("at"),
        Column("version", Integer, nullable=False),
        _text("caller_id"),
        _text("code"),
        _count("calls"),
        _count("rows"),
        _count("failed_rows"),
        _measure("latency_sum"),
        _measure("latency_min"),
        _measure("latency_max"),
        _time("first_call"),
        _time("last_call"),
    )


def _latencies(name: str) -> Table:
    """Return a table of histograms of latency; see `core.services.call_latency` for the buckets."""
    return Table(
        name,
        Base.metadata,
        _text("deployment_id"),
        _time("at"),
        Column("version", Integer, nullable=False),
        Column("bucket", SmallInteger, nullable=False),
        _count("calls"),
    )


call_minutes, latency_minutes = _counts("call_minutes"), _latencies("latency_minutes")
call_hours, latency_hours = _counts("call_hours"), _latencies("latency_hours")

CALL_TABLES = (calls, call_minutes, latency_minutes, call_hours, latency_hours)

# What went in and came out, of services whose owners want it kept: a row for each record of a call.
# It lies here and not in files of its own, so that it goes in one transaction with its service.
call_logs = Table(
    "call_logs",
    Base.metadata,
    _text("deployment_id"),
    Column("version", Integer, nullable=False),
    _time("at"),
    _text("caller_id"),
    Column("row_number", Integer, nullable=False),
    Column("input", String),
    Column("output", String),
    _text("code"),
    _text("message"),
)

# Whether inputs and outputs are kept, for how many days, of what share of the calls (percent), and
# the columns that never are, as a JSON list.
call_logging = Table(
    "call_logging",
    Base.metadata,
    _text("deployment_id"),
    Column("active", Boolean, nullable=False),
    Column("days", Integer, nullable=False),
    _measure("percent"),
    _text("hidden"),
)
