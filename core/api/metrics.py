"""`GET /metrics`: what services answered and how tasks stand, as Prometheus reads it.

Who asks sends a bearer token and is told of what its account sees: an admin's token tells of all.
Counters begin at zero when the platform starts, which Prometheus knows how to take.
Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.api.edge import guarded
from core.api.protocol import bearer
from core.services.accounts import Caller
from core.services.call_totals import BOUNDS_MS, Totals
from core.version import VERSION

if TYPE_CHECKING:
    from core.platform import Platform

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = dict[str, str]
Sample = tuple[str, Labels, float]


def route(platform: Callable[[], "Platform"], pool: ThreadPoolExecutor) -> Route:
    """Return the route; counting tasks asks the database, so it is done in `pool`."""

    async def metrics(request: Request) -> Response:
        here = platform()
        caller = bearer(request, here)
        text = await asyncio.get_running_loop().run_in_executor(pool, exposition, here, caller)
        return Response(text, media_type=_TYPE)

    return Route("/metrics", guarded(metrics), methods=["GET"])


def exposition(platform: "Platform", caller: Caller) -> str:
    """Return everything that the caller may see, in Prometheus' text format."""
    services = {
        live.deployment_id: live.endpoint for live in platform.deployments.services_of(caller)
    }
    served = [
        ({"endpoint": services[key.deployment_id], "version": str(key.version)}, totals)
        for key, totals in sorted(platform.calls.totals().items())
        if key.deployment_id in services
    ]
    tasks = platform.jobs.count_by_state(caller)
    return "".join(
        [
            *_family("slipway_info", "gauge", "Which Slipway this is.", [_info()]),
            *_counters(served),
            *_histogram(served),
            *_family("slipway_tasks", "gauge", "Tasks by their state.", _by_state(tasks)),
        ]
    )


def _info() -> Sample:
    return "slipway_info", {"version": VERSION}, 1


def _by_state(tasks: Mapping[str, int]) -> list[Sample]:
    return [("slipway_tasks", {"state": state}, count) for state, count in tasks.items()]


def _counters(served: Iterable[tuple[Labels, Totals]]) -> Iterator[str]:
    name = "slipway_calls_total"
    samples = [(name, labels, totals.calls) for labels, totals in served]
    yield from _family(name, "counter", "Calls of a service, failed ones too.", samples)
    name = "slipway_call_errors_total"
    errors = [
        (name, {**labels, "code": code}, count)
        for labels, totals in served
        for code, count in sorted(totals.errors.items())
    ]
    yield from _family(name, "counter", "Calls that failed, by the error's code.", errors)
    name = "slipway_rows_total"
    samples = [(name, labels, totals.rows) for labels, totals in served]
    yield from _family(name, "counter", "Records that calls brought.", samples)
    name = "slipway_failed_rows_total"
    samples = [(name, labels, totals.failed_rows) for labels, totals in served]
    yield from _family(name, "counter", "Records among them that could not be scored.", samples)


def _histogram(served: Iterable[tuple[Labels, Totals]]) -> list[str]:
    name = "slipway_call_duration_seconds"
    samples: list[Sample] = []
    for labels, totals in served:
        bounds = [*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf"]
        for bound, count in zip(bounds, accumulate(totals.buckets), strict=True):
            samples.append((f"{name}_bucket", {**labels, "le": bound}, count))
        samples.append((f"{name}_sum", labels, totals.latency_ms / 1000))
        samples.append((f"{name}_count", labels, totals.calls))
    return _family(name, "histogram", "From a call's arrival to its answer.", samples)


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> list[str]:
    head = f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    return [head, *(f"{sample}{_labels(labels)} {value!r}\n" for sample, labels, value in samples)]


def _labels(labels: Labels) -> str:
    pairs = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()]
    return "{" + ",".join(pairs) + "}"
