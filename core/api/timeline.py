"""The timeline over HTTP: an admin reads all of it, others what concerns them."""

from datetime import UTC, datetime

from starlette.responses import Response, StreamingResponse

from core.api.answers import stamp
from core.api.forms import Answer, Call, Endpoint, may
from core.errors import InvalidInput
from core.services.events import EventView
from core.services.timeline import Filter

_DEFAULT_EVENTS = 100
_MOST_EVENTS = 1_000


def timeline(call: Call) -> Answer | Response:
    """Return who did what to which object and when, newest first; or all of that as CSV."""
    kind = call.form.find("format") or "json"
    if kind not in {"json", "csv"}:
        raise InvalidInput(f'format is "{kind[:40]}"; it must be json or csv.')
    if kind == "json":
        return _page(call)
    return StreamingResponse(
        call.platform.timeline.export(call.caller, _filter(call)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="timeline.csv"'},
    )


def _page(call: Call) -> Answer:
    limit = call.form.number("limit")
    limit = _DEFAULT_EVENTS if limit is None else limit
    if limit > _MOST_EVENTS:
        raise InvalidInput(f"limit is {limit}; at most {_MOST_EVENTS} come at once.")
    offset = call.form.number("offset") or 0
    page = call.platform.timeline.page(call.caller, _filter(call), offset=offset, limit=limit)
    return {"event": [_line(event) for event in page.events], "total": page.total}


def _line(event: EventView) -> Answer:
    return {
        "time": stamp(event.at),
        "person": event.actor,
        "action": event.action,
        "kind": event.object_kind,
        "object": event.object_name,
        "id": event.object_id,
        "detail": event.detail,
    }


def _filter(call: Call) -> Filter:
    form = call.form
    return Filter(
        person=form.find("person") or "",
        kind=form.find("kind") or "",
        action=form.find("action") or "",
        object_id=form.find("object") or "",
        since=_moment(call, "since"),
        until=_moment(call, "until"),
    )


def _moment(call: Call, name: str) -> datetime | None:
    text = call.form.find(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f'{name} is "{text[:40]}"; it must be a time as 2026-01-31T12:00:00Z.'
        ) from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


ENDPOINTS = (
    Endpoint(
        "/api/admin/timeline",
        timeline,
        (
            may("person", "who did it, or whose account it was done to"),
            may("kind", "of object: account, model, deployment, task, token, setting"),
            may("action"),
            may("object", "the id of one object"),
            may("since", "ISO 8601, in UTC unless it says otherwise"),
            may("until", "not included"),
            may("offset"),
            may("limit", f"{_DEFAULT_EVENTS} by default"),
            may("format", "json (the default) or csv"),
        ),
        adds=("event", "total"),
        media=("text/csv",),
    ),
)
