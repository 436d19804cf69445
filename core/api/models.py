"""Models over HTTP: upload, versions, information, deletion and tests (I3-I9)."""

from core.api import answers
from core.api.forms import Answer, Call, Endpoint, may, need, upload
from core.api.inputs import INPUT_FIELDS, records_of
from core.files import Staged
from core.services.model_views import VersionView

NAMED = (need("modelname"), may("owner", "whose model it is, if not the caller's"))


def named_model(call: Call, *, version: int | None = None) -> VersionView:
    """Return the model that the form names, at a version; raises ModelNotFound."""
    return call.platform.models.get(
        call.caller, call.form.text("modelname"), owner=call.form.find("owner"), version=version
    )


def staged_file(call: Call) -> Staged:
    """Return the model file, or archive, that the form holds."""
    file = call.form.files["file"]
    limit = call.platform.settings.max_model_bytes
    return call.platform.files.stage(file.file, file.filename or "model", limit)


def upload_model(call: Call) -> Answer:
    """Receive a model file, decide whether it is valid, and keep it."""
    form = call.form
    view = call.platform.models.add(
        call.caller,
        form.text("modelname"),
        staged_file(call),
        description=form.find("description") or "",
        model_type=form.find("modeltype") or "",
        visibility=form.find("visibility") or "private",
    )
    return answers.model_info(view)


def add_version(call: Call) -> Answer:
    """Receive a new file for a model."""
    model = named_model(call).model
    notes = call.form.find("notes") or ""
    view = call.platform.models.add_version(call.caller, model.id, staged_file(call), notes=notes)
    return answers.model_info(view)


def update(call: Call) -> Answer:
    """Change what people wrote about a model; an empty description is a change, too."""
    model = named_model(call).model
    call.platform.models.update(
        call.caller,
        model.id,
        name=call.form.find("new_modelname"),
        description=call.form.texts.get("description"),
        model_type=call.form.find("modeltype"),
        visibility=call.form.find("visibility"),
    )
    return {}


def info(call: Call) -> Answer:
    """Return the full information of a model."""
    return answers.model_info(named_model(call, version=call.form.number("version")))


def list_models(call: Call) -> Answer:
    """Return the models that the caller may see, briefly."""
    views = call.platform.models.list_(call.caller)
    return {"model": [answers.model_brief(view) for view in views]}


def delete(call: Call) -> Answer:
    """Delete a model with its versions; refused while a service of it is deployed."""
    call.platform.models.delete(call.caller, named_model(call).model.id)
    return {}


def test(call: Call) -> Answer:
    """Score an input with a model that need not be deployed."""
    view = named_model(call, version=call.form.number("version"))
    with records_of(call, view.info) as records:
        answer = call.platform.predictions.test(
            call.caller, view.model.id, records, version=view.number
        )
    return {"output": answer.output, "latency_ms": answer.latency_ms}


INFO_KEYS = (
    "modelname",
    "time",
    "modeltype",
    "algorithm",
    "description",
    "engine",
    "version",
    "versions",
    "input",
    "output",
)

ENDPOINTS = (
    Endpoint(
        "/api/model/upload",
        upload_model,
        (
            need("modelname"),
            upload("file"),
            may("description"),
            may("modeltype"),
            may("visibility", "private (the default) or team"),
        ),
        adds=INFO_KEYS,
        http=201,
        limit="max_model_bytes",
    ),
    Endpoint(
        "/api/model/version",
        add_version,
        (*NAMED, upload("file"), may("notes")),
        adds=INFO_KEYS,
        http=201,
        limit="max_model_bytes",
    ),
    Endpoint(
        "/api/model/update",
        update,
        (
            *NAMED,
            may("new_modelname"),
            may("description"),
            may("modeltype"),
            may("visibility", "private or team"),
        ),
    ),
    Endpoint("/api/model/info", info, (*NAMED, may("version")), adds=INFO_KEYS),
    Endpoint("/api/model/list", list_models, adds=("model",)),
    Endpoint("/api/model/delete", delete, NAMED),
    Endpoint(
        "/api/model/test",
        test,
        (*NAMED, may("version"), *INPUT_FIELDS),
        adds=("output", "latency_ms"),
    ),
)
