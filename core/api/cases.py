"""Saved cases over HTTP: inputs of a model under a name, and what it answered to them (P5)."""

import base64

from core.api.answers import stamp
from core.api.form_values import from_base64, json_of
from core.api.forms import Answer, Call, Endpoint, may, need
from core.api.models import NAMED, named_model
from core.errors import InvalidInput
from core.inputs.image_fields import picture_fields
from core.schema import Schema
from core.services.cases import CaseView


def save(call: Call) -> Answer:
    """Score a record and keep it under a name, with the answer."""
    view = named_model(call, version=call.form.number("version"))
    case = call.platform.cases.save(
        call.caller,
        view.model.id,
        call.form.text("name"),
        _record(call, view.info.input_schema),
        version=view.number,
    )
    return _brief(case)


def list_cases(call: Call) -> Answer:
    """Return the cases of a model, newest first, without their inputs."""
    cases = call.platform.cases.list_(call.caller, named_model(call).model.id)
    return {"case": [_brief(case) for case in cases]}


def get(call: Call) -> Answer:
    """Return a case with its inputs; with `compare`, what a version answers to it now, too."""
    case_id = call.form.text("case")
    case = call.platform.cases.get(call.caller, case_id)
    answer = {**_brief(case.view), "input": {n: _plain(v) for n, v in case.record.items()}}
    if (version := call.form.number("compare")) is None:
        return answer
    then = call.platform.cases.answer_now(call.caller, case_id, version=version or None)
    now = {"version": then.version, "output": then.now, "same": then.is_same}
    return {**answer, "now": now}


def delete(call: Call) -> Answer:
    """Delete a case; its author, the model's owner and admins may."""
    call.platform.cases.delete(call.caller, call.form.text("case"))
    return {}


def _brief(case: CaseView) -> Answer:
    return {
        "id": case.id,
        "name": case.name,
        "version": case.version,
        "output": case.answer,
        "author": case.author,
        "time": stamp(case.created),
    }


def _record(call: Call, schema: Schema) -> dict[str, object]:
    """Return the one record of a form, its pictures as bytes; raises InvalidInput."""
    record = json_of(call.form)
    if not isinstance(record, dict):
        raise InvalidInput("The input of a case is one JSON object of field names and values.")
    pictures = {
        field.name: from_base64(field.name, record[field.name])
        for field in picture_fields(schema)
        if isinstance(record.get(field.name), str)
    }
    return {**record, **pictures}


def _plain(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


_KEYS = ("id", "name", "version", "output", "author", "time")
_CASE = need("case", "the id of the case")

ENDPOINTS = (
    Endpoint(
        "/api/model/case/save",
        save,
        (
            *NAMED,
            may("version"),
            need("name"),
            need("input", "one record, a JSON object; a picture in it is the base64 of its file"),
        ),
        adds=_KEYS,
        http=201,
    ),
    Endpoint("/api/model/case/list", list_cases, NAMED, adds=("case",)),
    Endpoint(
        "/api/model/case/get",
        get,
        (_CASE, may("compare", "the version to score it with now; 0 is the newest")),
        adds=(*_KEYS, "input"),
        may_add=("now",),
    ),
    Endpoint("/api/model/case/delete", delete, (_CASE,)),
)
