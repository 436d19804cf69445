"""How views become the keys of an answer: HTTP.md's names, and times in ISO 8601 UTC."""

import datetime as dt
from collections.abc import Iterable, Mapping
from datetime import datetime

from core.api.edge import detail
from core.schema import Field
from core.services.call_summary import CallStatus
from core.services.deployment_history import Change
from core.services.deployment_views import DeploymentView
from core.services.job_views import TaskView
from core.services.model_views import ModelView, VersionView
from core.services.previews import Preview
from core.services.releases import Release

Answer = dict[str, object]

_ADDED = ("label", "unit", "description")


def stamp(moment: datetime | None) -> str | None:
    """Return a moment (naive UTC, as the database keeps them) as ISO 8601 with its zone."""
    return None if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def fields(side: Iterable[Field]) -> list[dict[str, str]]:
    """Return the variables of one side of a model, every value a text.

    What people may have added to a variable is there where they have.
    """
    return [
        {
            "name": field.name,
            "type": field.type.value,
            "range": field.range,
            "dimension": field.dimension,
            "optype": field.optype.value,
            **{name: text for name in _ADDED if (text := getattr(field, name))},
        }
        for field in side
    ]


def plain(record: Mapping[str, object]) -> Answer:
    """Return a record as JSON holds it: dates and times as text."""
    return {
        name: value.isoformat() if isinstance(value, dt.date | dt.time) else value
        for name, value in record.items()
    }


def model_info(view: VersionView) -> Answer:
    """Return the full information of a model at a version."""
    return {
        "modelname": view.model.name,
        "time": stamp(view.model.created),
        "modeltype": view.model.model_type,
        "algorithm": view.info.algorithm,
        "description": view.model.description,
        "engine": view.info.engine,
        "version": view.number,
        "versions": view.model.versions,
        "input": fields(view.info.inputs),
        "output": fields(view.info.outputs),
        "owner": view.model.owner,
        "visibility": view.model.visibility,
        "format": view.info.format,
        "warnings": list(view.info.warnings),
    }


def model_brief(view: ModelView) -> Answer:
    """Return a line of a model list."""
    return {
        "modelname": view.name,
        "modeltype": view.model_type,
        "time": stamp(view.created),
        "owner": view.owner,
        "version": view.version,
        "visibility": view.visibility,
    }


def deployment(view: DeploymentView) -> Answer:
    """Return a line of a deployment list."""
    return {
        "deployment": view.name,
        "status": view.state,
        "time": stamp(view.created),
        "endpoint": view.endpoint,
        "version": view.version,
    }


def deployment_status(view: DeploymentView, status: CallStatus) -> Answer:
    """Return how a service is doing over a window."""
    return {
        "state": view.state,
        "endpoint": view.endpoint,
        "version": view.version,
        "calls": status.calls,
        "rows": status.rows,
        "errors": status.errors,
        "latency_ms": {
            "mean": status.mean,
            "p50": status.p50,
            "p95": status.p95,
            "p99": status.p99,
            "max": status.max,
        },
        "first_call": stamp(status.first_call),
        "last_call": stamp(status.last_call),
    }


def release(view: Release) -> Answer:
    """Return what a switch of a service's version came to, and what its callers will notice."""
    return {
        "endpoint": view.service.endpoint,
        "version": view.service.version,
        "previous": view.previous,
        "changes": [
            {"side": each.side, "field": each.field, "kind": each.kind, "message": each.message}
            for each in view.changes
        ],
    }


def change(view: Change) -> Answer:
    """Return a line of a service's history."""
    return {
        "time": stamp(view.at),
        "until": stamp(view.until),
        "action": view.action,
        "version": view.version,
        "state": view.state,
        "by": view.by,
        "note": view.note,
    }


def task_status(view: TaskView) -> Answer:
    """Return the state of a task."""
    return {
        "state": view.state,
        "rows_total": view.rows_total,
        "rows_done": view.rows_done,
        "rows_failed": view.rows_failed,
        "created": stamp(view.created),
        "started": stamp(view.started),
        "finished": stamp(view.finished),
        "eta_s": view.eta_s,
        "message": view.message,
        "rows_per_s": view.rows_per_s,
        "held": view.held,
        "kept": view.kept,
        "removed": stamp(view.removed),
    }


def task_line(view: TaskView) -> Answer:
    """Return a line of a task list."""
    return {
        "task": view.id,
        "modelname": view.model_name,
        "deployment": view.deployment_name,
        **task_status(view),
    }


def preview(seen: Preview) -> Answer:
    """Return what a file is; `columns` can be sent on as the option of that name."""
    return {
        "kind": seen.kind,
        "found": dict(seen.found),
        "rows": seen.rows,
        "column": [
            {
                "field": match.field,
                "column": match.header,
                "how": str(match.how),
                "required": match.required,
            }
            for match in seen.matches
        ],
        "columns": seen.columns,
        "input": list(seen.given),
        "output": list(seen.output),
        "problem": [detail(problem) for problem in seen.problems],
    }
