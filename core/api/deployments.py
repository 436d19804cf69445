"""Services over HTTP: deploy, start, pause, switch, delete, watch, call, submit (I10-I17)."""

from collections.abc import Callable

from core.api import answers
from core.api.calling import called, predict
from core.api.forms import Answer, Call, Endpoint, may, need
from core.api.inputs import INPUT_FIELDS, file_of, options_of, source_of
from core.api.models import named_model
from core.errors import InvalidInput
from core.services.deployment_views import DeploymentView

NAMED = (
    need("modelname"),
    may("owner", "whose model it is, if not the caller's"),
    need("deployment"),
)
_NOTE = may("note", "why, for the history")


def named_deployment(call: Call) -> DeploymentView:
    """Return the deployment that the form names; raises ModelNotFound, DeploymentNotFound."""
    model = named_model(call).model
    return call.platform.deployments.get(call.caller, model.id, call.form.text("deployment"))


def create(call: Call) -> Answer:
    """Make a running service of a model's version (the newest by default)."""
    made = call.platform.deployments.create(
        call.caller,
        named_model(call).model.id,
        call.form.text("deployment"),
        call.form.number("version"),
        note=call.form.find("note") or "",
    )
    return {"endpoint": made.endpoint, "version": made.version}


def list_deployments(call: Call) -> Answer:
    """Return all deployments of a model."""
    views = call.platform.deployments.list_(call.caller, named_model(call).model.id)
    return {"deployment": [answers.deployment(view) for view in views]}


def _changing(verb: str) -> Callable[[Call], Answer]:
    def change(call: Call) -> Answer:
        getattr(call.platform.deployments, verb)(call.caller, named_deployment(call).id)
        return {}

    change.__doc__ = f"{verb.capitalize()} a service."
    return change


def reload(call: Call) -> Answer:
    """Try again to load the model of a service that could not be loaded."""
    call.platform.deployments.reload(call.caller, named_deployment(call).id)
    return {}


def switch(call: Call) -> Answer:
    """Let a service answer with another version; it is loaded first, and no call fails."""
    version = call.form.number("version")
    if version is None:
        raise InvalidInput("The form field version is empty; give the number of a version.")
    service, note = named_deployment(call), call.form.find("note") or ""
    return answers.release(
        call.platform.releases.switch(call.caller, service.id, version, note=note)
    )


def roll_back(call: Call) -> Answer:
    """Let a service answer with the version that was live before."""
    service, note = named_deployment(call), call.form.find("note") or ""
    return answers.release(call.platform.releases.roll_back(call.caller, service.id, note=note))


def history(call: Call) -> Answer:
    """Return which version of a service was live when, and who saw to that, newest first."""
    changes = call.platform.releases.history(call.caller, named_deployment(call).id)
    return {"history": [answers.change(change) for change in changes]}


def status(call: Call) -> Answer:
    """Return how a service is doing over the last hour, day, week or month."""
    view = named_deployment(call)
    window = call.form.find("window") or "24h"
    status = answers.deployment_status(view, call.platform.calls.status(view.id, window))
    health = call.platform.watching.health(call.caller, view.id)
    return {
        **status,
        "problem": call.platform.loader.find_problem(view.version_id),
        "health": health.level,
        "reasons": list(health.reasons),
    }


def submit(call: Call) -> Answer:
    """Give a service work that may take long; the answer is the task's id."""
    platform = call.platform
    live = called(call)
    view = platform.deployments.get_by_id(call.caller, live.deployment_id)
    version = platform.models.get_by_id(call.caller, live.model_id, live.version)
    options = options_of(call)
    with source_of(call, version.info.input_schema) as (source, kind):
        task = platform.jobs.submit(
            call.caller, version, source, kind=kind, deployment=view, options=options
        )
    return {"task": task.id}


def preview(call: Call) -> Answer:
    """Tell what a file is, and try its first rows out: nothing is counted, nothing is kept."""
    view = named_deployment(call)
    version = call.platform.models.get_by_id(call.caller, view.model_id, view.version)
    with file_of(call, version.info.input_schema) as (staged, kind):
        seen = call.platform.previews.look(
            call.caller, version, staged.path, staged.name, kind=kind, options=options_of(call)
        )
    return answers.preview(seen)


ENDPOINTS = (
    Endpoint(
        "/api/deployment/create",
        create,
        (*NAMED, may("version", "the newest by default"), _NOTE),
        adds=("endpoint", "version"),
        http=201,
    ),
    Endpoint(
        "/api/deployment/list",
        list_deployments,
        NAMED[:2],
        adds=("deployment",),
    ),
    *(
        Endpoint(f"/api/deployment/{verb}", _changing(verb), NAMED)
        for verb in ("start", "pause", "delete")
    ),
    Endpoint("/api/deployment/reload", reload, NAMED),
    Endpoint(
        "/api/deployment/switch",
        switch,
        (*NAMED, need("version"), _NOTE),
        adds=("endpoint", "version", "previous", "changes"),
    ),
    Endpoint(
        "/api/deployment/rollback",
        roll_back,
        (*NAMED, _NOTE),
        adds=("endpoint", "version", "previous", "changes"),
    ),
    Endpoint("/api/deployment/history", history, NAMED, adds=("history",)),
    Endpoint(
        "/api/deployment/status",
        status,
        (*NAMED, may("window", "1h, 24h (the default), 7d or 30d")),
        adds=(
            *("state", "endpoint", "version", "problem", "health", "reasons"),
            *("calls", "rows", "errors", "latency_ms", "first_call", "last_call"),
        ),
    ),
    Endpoint(
        "/api/deployment/predict",
        predict,
        (*NAMED, *INPUT_FIELDS),
        adds=("output", "latency_ms", "version"),
    ),
    Endpoint(
        "/api/deployment/preview",
        preview,
        (*NAMED, *INPUT_FIELDS),
        adds=("kind", "found", "rows", "column", "columns", "input", "output", "problem"),
        limit="max_input_bytes",
    ),
    Endpoint(
        "/api/deployment/submit",
        submit,
        (*NAMED, *INPUT_FIELDS),
        adds=("task",),
        http=202,
        limit="max_input_bytes",
    ),
)
