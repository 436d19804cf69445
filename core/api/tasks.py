"""Tasks over HTTP: state, result, list, cancel, retry, delete (I18, I19, I22)."""

from starlette.responses import Response, StreamingResponse

from core.api import answers
from core.api.forms import Answer, Call, Endpoint, may, need
from core.api.models import named_model
from core.errors import InvalidInput

_MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_DEFAULT_ROWS = 1000
_MOST_ROWS = 100_000
_DEFAULT_TASKS = 50
_MOST_TASKS = 1000


def status(call: Call) -> Answer:
    """Return the state of a task."""
    return answers.task_status(call.platform.jobs.get(call.caller, call.form.text("task")))


def result(call: Call) -> Answer | Response:
    """Return a page of a result as JSON, or the whole of it as CSV or Parquet, streamed."""
    task = call.form.text("task")
    kind = call.form.find("format") or "json"
    if kind == "json":
        return _page(call, task)
    if kind not in _MEDIA:
        raise InvalidInput(f'format is "{kind[:40]}"; it must be json, csv or parquet.')
    return StreamingResponse(
        call.platform.jobs.export(call.caller, task, kind),
        media_type=_MEDIA[kind],
        headers={"Content-Disposition": f'attachment; filename="{task}.{kind}"'},
    )


def _page(call: Call, task: str) -> Answer:
    offset, limit = _window(call, _DEFAULT_ROWS, _MOST_ROWS)
    page = call.platform.jobs.result(call.caller, task, offset, limit)
    return {"output": page.rows, "total": page.total}


def list_tasks(call: Call) -> Answer:
    """Return tasks that the caller may see, newest first."""
    form = call.form
    model = named_model(call).model if form.find("modelname") else None
    deployment = None
    if form.find("deployment"):
        if model is None:
            raise InvalidInput("Name the model (modelname) that the deployment belongs to.")
        deployment = call.platform.deployments.get(call.caller, model.id, form.text("deployment"))
    offset, limit = _window(call, _DEFAULT_TASKS, _MOST_TASKS)
    page = call.platform.jobs.list_(
        call.caller,
        model_id=model.id if model else None,
        deployment_id=deployment.id if deployment else None,
        state=form.find("state"),
        offset=offset,
        limit=limit,
    )
    return {"task": [answers.task_line(view) for view in page.tasks], "total": page.total}


def _window(call: Call, default: int, most: int) -> tuple[int, int]:
    offset = call.form.number("offset") or 0
    limit = call.form.number("limit")
    limit = default if limit is None else limit
    if limit > most:
        raise InvalidInput(f"limit is {limit}; at most {most} come at once.")
    return offset, limit


def cancel(call: Call) -> Answer:
    """Stop a task that is queued or running."""
    call.platform.jobs.cancel(call.caller, call.form.text("task"))
    return {}


def retry(call: Call) -> Answer:
    """Run a task's input again, as a new task."""
    return {"task": call.platform.jobs.retry(call.caller, call.form.text("task")).id}


def delete(call: Call) -> Answer:
    """Delete a task with its files."""
    call.platform.jobs.delete(call.caller, call.form.text("task"))
    return {}


_STATUS_KEYS = (
    "state",
    "rows_total",
    "rows_done",
    "rows_failed",
    "created",
    "started",
    "finished",
    "eta_s",
    "message",
)

ENDPOINTS = (
    Endpoint("/api/task/status", status, (need("task"),), adds=_STATUS_KEYS),
    Endpoint(
        "/api/task/result",
        result,
        (
            need("task"),
            may("format", "json (the default), csv or parquet"),
            may("offset", "json only: the first row, from 0"),
            may("limit", f"json only: how many rows, {_DEFAULT_ROWS} by default"),
        ),
        adds=("output", "total"),
        media=tuple(_MEDIA.values()),
    ),
    Endpoint(
        "/api/task/list",
        list_tasks,
        (
            may("modelname"),
            may("owner"),
            may("deployment"),
            may("state", "queued, running, succeeded, failed or cancelled"),
            may("offset"),
            may("limit"),
        ),
        adds=("task", "total"),
    ),
    Endpoint("/api/task/cancel", cancel, (need("task"),)),
    Endpoint("/api/task/retry", retry, (need("task"),), adds=("task",), http=202),
    Endpoint("/api/task/delete", delete, (need("task"),)),
)
