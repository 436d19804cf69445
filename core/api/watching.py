"""Watching services over HTTP: from when on one is in trouble, what calls carried (I21)."""

from dataclasses import asdict, replace

import msgspec
from starlette.responses import Response

from core.api.answers import stamp
from core.api.deployments import NAMED, named_deployment
from core.api.forms import Answer, Call, Endpoint, Form, may
from core.errors import InvalidInput
from core.services.call_logs import MOST_READ
from core.services.log_csv import as_csv
from core.services.log_rows import Logging
from core.services.thresholds import Thresholds

_LIMITS = ("error_amber", "error_red", "p95_amber", "p95_red")
_WHOLE = ("minutes", "calls")
_OFF = "none"


def thresholds(call: Call) -> Answer:
    """Return from when on a service is amber or red; what is sent is changed before."""
    service, watching = named_deployment(call), call.platform.watching
    before = watching.thresholds(call.caller, service.id)
    chosen = _changed(before, call.form)
    if chosen != before:
        watching.set_thresholds(call.caller, service.id, chosen)
    return asdict(chosen)


def _changed(before: Thresholds, form: Form) -> Thresholds:
    limits = {name: _limit(name, text) for name in _LIMITS if (text := form.find(name))}
    numbers = {name: number for name in _WHOLE if (number := form.number(name)) is not None}
    return replace(before, **limits, **numbers)  # type: ignore[arg-type]


def _limit(name: str, text: str) -> float | None:
    if text == _OFF:
        return None
    return _number(name, text, f", or {_OFF} to watch it no more")


def _number(name: str, text: str, otherwise: str = "") -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(f'{name} is "{text[:40]}"; it must be a number{otherwise}.') from error


def logging(call: Call) -> Answer:
    """Return whether inputs and outputs of calls are kept; what is sent is changed before."""
    service, logs = named_deployment(call), call.platform.logs
    before = logs.logging(call.caller, service.id)
    chosen = _chosen(before, call.form)
    if chosen != before:
        logs.set_logging(call.caller, service.id, chosen)
    if _flag(call.form, "purge"):
        logs.purge(call.caller, service.id)
    return asdict(chosen)


def log(call: Call) -> Answer | Response:
    """Return inputs and outputs that were kept, newest first, for the owner and admins."""
    service, form = named_deployment(call), call.form
    kind = form.find("format") or "json"
    if kind not in ("json", "csv"):
        raise InvalidInput(f'format is "{kind[:40]}"; it must be json or csv.')
    limit = form.number("limit")
    page = call.platform.logs.read(
        call.caller,
        service.id,
        limit=(MOST_READ if kind == "csv" else 100) if limit is None else limit,
        offset=form.number("offset") or 0,
    )
    if kind == "csv":
        return Response(as_csv(page), media_type="text/csv; charset=utf-8")
    return {"log": [{**asdict(row), "at": stamp(row.at)} for row in page.rows], "total": page.total}


def _chosen(before: Logging, form: Form) -> Logging:
    active, days, percent = _flag(form, "active"), form.number("days"), form.find("percent")
    hidden = form.find("hidden")
    return Logging(
        active=before.active if active is None else active,
        days=before.days if days is None else days,
        percent=before.percent if percent is None else _number("percent", percent),
        hidden=before.hidden if hidden is None else _names(hidden),
    )


def _flag(form: Form, name: str) -> bool | None:
    text = form.find(name)
    if text not in (None, "true", "false"):
        raise InvalidInput(f'{name} is "{text[:40]}"; it must be true or false.')
    return None if text is None else text == "true"


def _names(text: str) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.MsgspecError as error:
        raise InvalidInput(
            'hidden must be a JSON list of column names, for example ["age"] or [].'
        ) from error


ENDPOINTS = (
    Endpoint(
        "/api/deployment/thresholds",
        thresholds,
        (
            *NAMED,
            may("error_amber", f"percent of the calls that fail, or {_OFF}"),
            may("error_red", f"percent, or {_OFF}"),
            may("p95_amber", f"milliseconds, or {_OFF}"),
            may("p95_red", f"milliseconds, or {_OFF}"),
            may("minutes", "over how many minutes"),
            may("calls", "how many calls it takes to judge"),
        ),
        adds=(*_LIMITS, *_WHOLE),
    ),
    Endpoint(
        "/api/deployment/logging",
        logging,
        (
            *NAMED,
            may("active", "true or false: whether inputs and outputs are kept"),
            may("days", "for how many days"),
            may("percent", "of what share of the calls"),
            may("hidden", "a JSON list of the columns that are never kept"),
            may("purge", "true: delete what was kept"),
        ),
        adds=("active", "days", "percent", "hidden"),
    ),
    Endpoint(
        "/api/deployment/log",
        log,
        (
            *NAMED,
            may("format", "json (the default) or csv"),
            may("offset"),
            may("limit", f"at most {MOST_READ}"),
        ),
        adds=("log", "total"),
        media=("text/csv",),
    ),
)
