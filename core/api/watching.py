"""Watching services over HTTP: from when on one is in trouble (I21)."""

from dataclasses import asdict, replace

from core.api.deployments import NAMED, named_deployment
from core.api.forms import Answer, Call, Endpoint, Form, may
from core.errors import InvalidInput
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
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(
            f'{name} is "{text[:40]}"; it must be a number, or {_OFF} to watch it no more.'
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
)
