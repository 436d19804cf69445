"""Services over HTTP: deploy, start, pause, delete, watch, call and submit (I10-I17)."""

from collections.abc import Callable

from core.api import answers
from core.api.forms import Answer, Call, Endpoint, may, need
from core.api.inputs import INPUT_FIELDS, options_of, records_of, source_of
from core.api.models import named_model
from core.services.deployment_views import DeploymentView, Live

_NAMED = (
    need("modelname"),
    may("owner", "whose model it is, if not the caller's"),
    need("deployment"),
)


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


def status(call: Call) -> Answer:
    """Return how a service is doing over the last hour, day, week or month."""
    view = named_deployment(call)
    window = call.form.find("window") or "24h"
    return answers.deployment_status(view, call.platform.calls.status(view.id, window))


def _called(call: Call) -> Live:
    """Return the service that the form names, from memory; raises DeploymentNotFound."""
    form = call.form
    return call.platform.deployments.live_named(
        call.caller, form.text("modelname"), form.text("deployment"), form.find("owner")
    )


def predict(call: Call) -> Answer:
    """Call a service and get the answer at once."""
    live = _called(call)
    predictions = call.platform.predictions
    with (
        predictions.measured(call.caller, live) as measure,
        records_of(call, live.info) as records,
    ):
        answer = predictions.answer(live, records, measure)
    return {"output": answer.output, "latency_ms": answer.latency_ms}


def submit(call: Call) -> Answer:
    """Give a service work that may take long; the answer is the task's id."""
    platform = call.platform
    live = _called(call)
    view = platform.deployments.get_by_id(call.caller, live.deployment_id)
    version = platform.models.get_by_id(call.caller, live.model_id, live.version)
    options = options_of(call)
    with source_of(call) as (source, kind):
        task = platform.jobs.submit(
            call.caller, version, source, kind=kind, deployment=view, options=options
        )
    return {"task": task.id}


ENDPOINTS = (
    Endpoint(
        "/api/deployment/create",
        create,
        (*_NAMED, may("version")),
        adds=("endpoint", "version"),
        http=201,
    ),
    Endpoint(
        "/api/deployment/list",
        list_deployments,
        _NAMED[:2],
        adds=("deployment",),
    ),
    *(
        Endpoint(f"/api/deployment/{verb}", _changing(verb), _NAMED)
        for verb in ("start", "pause", "delete")
    ),
    Endpoint(
        "/api/deployment/status",
        status,
        (*_NAMED, may("window", "1h, 24h (the default), 7d or 30d")),
        adds=("state", "endpoint", "version", "calls", "rows", "errors", "latency_ms"),
    ),
    Endpoint(
        "/api/deployment/predict",
        predict,
        (*_NAMED, *INPUT_FIELDS),
        adds=("output", "latency_ms"),
    ),
    Endpoint(
        "/api/deployment/submit",
        submit,
        (*_NAMED, *INPUT_FIELDS, may("options", "a JSON object")),
        adds=("task",),
        http=202,
        limit="max_input_bytes",
    ),
)
