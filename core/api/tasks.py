"""Tasks over HTTP: state, result, summary, list, cancel, retry, keep, delete (I18, I19, I22)."""

from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from core.api import answers
from core.api.downloads import sent_file
from core.api.forms import Answer, Call, Endpoint, Form, may, need
from core.api.models import named_model
from core.errors import InvalidInput
from core.services.job_downloads import FILE_KINDS
from core.services.job_queries import MISSING, OPERATORS, PRESENT, Condition, Query
from core.services.job_tickets import Wanted
from core.services.job_views import ORDERS, TaskFilter

_DEFAULT_ROWS = 1000
_MOST_ROWS = 100_000
_DEFAULT_TASKS = 50
_MOST_TASKS = 1000


def status(call: Call) -> Answer:
    """Return the state of a task."""
    return answers.task_status(call.platform.jobs.get(call.caller, call.form.text("task")))


def result(call: Call) -> Answer | Response:
    """Return a page of a result as JSON, or rows of it as a file, streamed."""
    task = call.form.text("task")
    kind = call.form.find("format") or "json"
    query = _query(call.form)
    if kind == "json":
        return _page(call, task, query)
    neutralised = _choice(call.form, "formulas", ("as they are", "neutralised")) == "neutralised"
    return sent_file(call.platform, call.caller, Wanted(task, kind, query, neutralised))


def _page(call: Call, task: str, query: Query) -> Answer:
    offset, limit = _window(call, _DEFAULT_ROWS, _MOST_ROWS)
    page = call.platform.jobs.result(call.caller, task, offset, limit, query)
    found: Answer = {"output": page.rows, "total": page.total}
    return found if query.is_everything else {**found, "row_numbers": page.numbers}


@dataclass(frozen=True, slots=True)
class _Filter:
    """A condition as callers write it."""

    column: str
    operator: str
    value: str | int | float | bool | None = None


def _query(form: Form) -> Query:
    """Return which rows a call asks for, and in which order."""
    return Query(
        _conditions(form.find("filter")),
        only_rejects=_choice(form, "only", ("all", "rejects")) == "rejects",
        sort=form.find("sort"),
        descending=_choice(form, "order", ("ascending", "descending")) == "descending",
    )


def _conditions(text: str | None) -> tuple[Condition, ...]:
    if text is None:
        return ()
    try:
        filters = msgspec.json.decode(text, type=list[_Filter])
    except msgspec.MsgspecError as error:
        raise InvalidInput(
            f'filter must be JSON, a list of {{"column", "operator", "value"}}: {error}.'
        ) from None
    return tuple(Condition(each.column, each.operator, _text(each.value)) for each in filters)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _choice(form: Form, name: str, allowed: tuple[str, ...]) -> str:
    """Return one of a few words, the first where the field was left out."""
    given = form.find(name) or allowed[0]
    if given not in allowed:
        raise InvalidInput(f'{name} is "{given[:40]}"; it must be {" or ".join(allowed)}.')
    return given


def summary(call: Call) -> Answer:
    """Return what a result comes to: classes and scores counted, errors by their reason."""
    found = call.platform.jobs.summary(call.caller, call.form.text("task"))
    return {
        "rows": found.rows,
        "rows_failed": found.failed,
        "outputs": list(found.outputs),
        "errors": list(found.errors),
    }


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
    wanted = TaskFilter(
        model_id=model.id if model else None,
        deployment_id=deployment.id if deployment else None,
        owner_id=call.caller.id if _choice(form, "whose", ("all", "mine")) == "mine" else None,
        state=form.find("state"),
        search=form.find("search") or "",
        order=form.find("order") or "newest",
    )
    page = call.platform.jobs.list_(call.caller, wanted, offset=offset, limit=limit)
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
    """Run a task's input again, or the rows of it that failed, as a new task."""
    only_failed = _choice(call.form, "rows", ("all", "failed")) == "failed"
    task = call.form.text("task")
    return {"task": call.platform.jobs.retry(call.caller, task, only_failed=only_failed).id}


def keep(call: Call) -> Answer:
    """Keep the files of a task for good, or no longer than others."""
    kept = _choice(call.form, "keep", ("yes", "no")) == "yes"
    call.platform.jobs.keep(call.caller, call.form.text("task"), kept=kept)
    return {}


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
    "rows_per_s",
    "held",
    "kept",
    "removed",
)

_ROWS = (
    may("only", "all (the default) or rejects: the rows with an error"),
    may(
        "filter",
        'JSON: a list of {"column", "operator", "value"}, all of which a row fulfils; operator is '
        f"one of {', '.join(OPERATORS)}; {MISSING} and {PRESENT} have no value",
    ),
)

ENDPOINTS = (
    Endpoint("/api/task/status", status, (need("task"),), adds=_STATUS_KEYS),
    Endpoint(
        "/api/task/result",
        result,
        (
            need("task"),
            may("format", "json (the default), csv, parquet or xlsx"),
            *_ROWS,
            may("sort", "json only: the column to sort by; files keep the order of the upload"),
            may("order", "json only: ascending (the default) or descending"),
            may("offset", "json only: the first row, from 0"),
            may("limit", f"json only: how many rows, {_DEFAULT_ROWS} by default"),
            may(
                "formulas",
                "csv only: as they are (the default), or neutralised: an apostrophe before texts "
                "that a spreadsheet would run",
            ),
        ),
        adds=("output", "total"),
        media=tuple(kind.media for name, kind in FILE_KINDS.items() if name != "json"),
    ),
    Endpoint(
        "/api/task/summary",
        summary,
        (need("task"),),
        adds=("rows", "rows_failed", "outputs", "errors"),
    ),
    Endpoint(
        "/api/task/list",
        list_tasks,
        (
            may("modelname"),
            may("owner"),
            may("deployment"),
            may("state", "queued, running, succeeded, failed or cancelled"),
            may("whose", "all (the default) or mine"),
            may("search", "a part of the name of file, model, deployment or owner, or of the id"),
            may("order", f"{', '.join(ORDERS)}; newest by default"),
            may("offset"),
            may("limit"),
        ),
        adds=("task", "total"),
    ),
    Endpoint("/api/task/cancel", cancel, (need("task"),)),
    Endpoint(
        "/api/task/retry",
        retry,
        (need("task"), may("rows", "all (the default) or failed: the rows with an error alone")),
        adds=("task",),
        http=202,
    ),
    Endpoint("/api/task/keep", keep, (need("task"), may("keep", "yes (the default) or no"))),
    Endpoint("/api/task/delete", delete, (need("task"),)),
)
