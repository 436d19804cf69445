"""How the platform is doing, over HTTP, for admins: storage, health, and questions in SQL (A1)."""

from dataclasses import asdict

from starlette.responses import Response

from core.api.answers import Answer
from core.api.forms import Call, Endpoint, may, need
from core.errors import InvalidInput
from core.services.storage import Freeable, Waste
from core.services.support_csv import as_csv


def storage(call: Call) -> Answer:
    """Return what takes room, whose it is, and what of it can go; sizes are in bytes."""
    view = call.platform.storage.view(call.caller, days=_days(call))
    sizes = {
        name: value for name, value in asdict(view).items() if name not in {"holdings", "freeable"}
    }
    return {
        **sizes,
        "owner": [asdict(holding) for holding in view.holdings],
        "freeable": [_freeable(each) for each in view.freeable],
    }


def free(call: Call) -> Answer:
    """Remove what can go: results, artifacts or records; the answer says what went."""
    what = call.form.text("what")
    return _freeable(call.platform.storage.free(call.caller, what, days=_days(call)))


def _freeable(each: Freeable) -> Answer:
    return {"what": each.what.value, "count": each.count, "bytes": each.bytes}


def _days(call: Call) -> float | None:
    text = call.form.find("days")
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(f'days is "{text[:40]}"; it must be a number.') from error


def health(call: Call) -> Answer:
    """Return how the process is doing: versions, memory, threads, what waits, the disk."""
    return asdict(call.platform.system.view(call.caller))


def sql(call: Call) -> Answer | Response:
    """Run one SELECT over the metadata, without what is secret, and return its first rows."""
    kind = call.form.find("format") or "json"
    if kind not in {"json", "csv"}:
        raise InvalidInput(f'format is "{kind[:40]}"; it must be json or csv.')
    found = call.platform.support.query(call.caller, call.form.text("sql"))
    if kind == "csv":
        return Response(as_csv(found.table), media_type="text/csv; charset=utf-8")
    columns = [column.to_pylist() for column in found.table.columns]
    return {
        "columns": found.table.column_names,
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "more": found.more,
    }


_DAYS = may("days", "results older than this; by default those that have had their time")
_SIZES = ("artifacts", "tasks", "database", "database_free", "others", "disk_free", "disk_total")
_HEALTH = (
    *("slipway", "python", "engines", "seconds_up", "memory", "java_memory", "cpu_percent"),
    *("threads", "tasks_waiting", "tasks_working", "calls_busy", "calls_waiting"),
    *("database", "disk_free", "disk_total"),
)

ENDPOINTS = (
    Endpoint("/api/admin/storage", storage, (_DAYS,), adds=(*_SIZES, "owner", "freeable")),
    Endpoint(
        "/api/admin/storage/free",
        free,
        (need("what", ", ".join(Waste)), _DAYS),
        adds=("what", "count", "bytes"),
    ),
    Endpoint("/api/admin/health", health, adds=_HEALTH),
    Endpoint(
        "/api/admin/sql",
        sql,
        (need("sql", "one SELECT"), may("format", "json (the default) or csv")),
        adds=("columns", "rows", "more"),
        media=("text/csv",),
    ),
)
