"""Preprocessing steps over HTTP: a query that makes a model's inputs of what callers send (I20)."""

from core.api import answers
from core.api.form_values import decoded, json_of
from core.api.forms import Answer, Call, Endpoint, may
from core.api.models import NAMED, named_model
from core.errors import InvalidInput
from core.preparation.step import RawField, Step
from core.services.model_views import VersionView
from core.services.preprocessing import TriedRow
from core.services.step_fields import Record, as_declared_by


def get(call: Call) -> Answer:
    """Return the preprocessing step of a model's version; the query is null where it has none."""
    return _described(named_model(call, version=call.form.number("version")))


def set_(call: Call) -> Answer:
    """Give a version a preprocessing step in the place of the one that it has."""
    view = named_model(call, version=call.form.number("version"))
    return _changed(call, view, _step(call, view))


def delete(call: Call) -> Answer:
    """Take the preprocessing step of a version away."""
    return _changed(call, named_model(call, version=call.form.number("version")), None)


def try_(call: Call) -> Answer:
    """Show what a step does to records; nothing is kept."""
    view = named_model(call, version=call.form.number("version"))
    trial = call.platform.preprocessing.try_out(
        call.caller,
        view.model.id,
        _step(call, view),
        records=_records(call),
        version=view.number,
    )
    return {
        "fields": answers.fields(trial.info.inputs),
        "feeds": list(trial.made.feeds),
        "unused": list(trial.made.unused),
        "unread": list(trial.unread),
        "rows": [_row(row) for row in trial.rows],
    }


def _changed(call: Call, view: VersionView, step: Step | None) -> Answer:
    saved = call.platform.revisions.set_step(
        call.caller,
        view.model.id,
        step,
        version=view.number,
        note=call.form.find("note") or "",
        as_new=_is_true(call, "new_version"),
    )
    return _described(saved)


def _step(call: Call, view: VersionView) -> Step:
    """Return the step that a form writes, or that of the version that it names."""
    query, source = call.form.find("query"), call.form.number("from_version")
    if (query is None) == (source is None):
        raise InvalidInput("Send the query, or from_version: the version whose step is taken over.")
    if query is None:
        other = named_model(call, version=source)
        if other.edits.step is None:
            raise InvalidInput(f"Version {other.number} has no preprocessing step.")
        return other.edits.step
    return Step(query, _fields(call, view, query))


def _fields(call: Call, view: VersionView, query: str) -> tuple[RawField, ...]:
    text = call.form.find("fields")
    if text is not None:
        return as_declared_by(decoded("fields", text), view.info)
    return call.platform.preprocessing.needs(
        call.caller, view.model.id, query, records=_records(call), version=view.number
    )


def _records(call: Call) -> list[Record]:
    if call.form.find("input") is None:
        return []
    given = json_of(call.form)
    listed = given if isinstance(given, list) else [given]
    records: list[Record] = [record for record in listed if isinstance(record, dict)]
    if len(records) < len(listed):
        raise InvalidInput("The input is an object of field names and values, or a list of them.")
    return records


def _is_true(call: Call, name: str) -> bool:
    text = (call.form.find(name) or "false").lower()
    if text not in {"true", "false"}:
        raise InvalidInput(f'{name} is "{text[:40]}"; it must be true or false.')
    return text == "true"


def _described(view: VersionView) -> Answer:
    step = view.edits.step
    return {
        "version": view.number,
        "revision": view.revision,
        "query": step.sql if step else None,
        "fields": answers.fields(view.info.inputs) if step else [],
        "model_input": answers.fields(view.info.model_inputs),
    }


def _row(row: TriedRow) -> Answer:
    if row.error:
        return {"before": answers.plain(row.before), "error": row.error}
    return {
        "before": answers.plain(row.before),
        "after": answers.plain(row.after),
        "output": row.output,
    }


_KEYS = ("version", "revision", "query", "fields", "model_input")
_QUERY = (
    may("query", "one SELECT over the table input, whose columns are the fields"),
    may("from_version", "in the place of a query: the version whose step is taken over"),
    may(
        "fields",
        "what callers send, as JSON: a list of names and of objects with name, type, range, "
        "categories, nullable, example; by default what the query reads",
    ),
    may("input", "sample records as JSON, which tell the types of fields that are not declared"),
)
_NEW = may("new_version", "true: a new version of the same file gets it; services keep theirs")

ENDPOINTS = (
    Endpoint("/api/model/preprocessing/get", get, (*NAMED, may("version")), adds=_KEYS),
    Endpoint(
        "/api/model/preprocessing/set",
        set_,
        (*NAMED, may("version"), *_QUERY, may("note"), _NEW),
        adds=_KEYS,
    ),
    Endpoint(
        "/api/model/preprocessing/delete",
        delete,
        (*NAMED, may("version"), may("note"), _NEW),
        adds=_KEYS,
    ),
    Endpoint(
        "/api/model/preprocessing/try",
        try_,
        (*NAMED, may("version"), *_QUERY),
        adds=("fields", "feeds", "unused", "unread", "rows"),
    ),
)
