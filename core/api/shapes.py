"""What fields and keys of the form contract hold, as JSON Schema, by their names.

A name means the same wherever it stands; the few that do not are told apart by their path.
"""

Shape = dict[str, object]

_TEXT: Shape = {"type": "string"}
_WHOLE: Shape = {"type": "integer", "minimum": 0}
_NUMBER: Shape = {"type": "number"}
_TIME: Shape = {"type": "string", "format": "date-time"}
_ANY: Shape = {}


def _maybe(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def _one_of(*names: str) -> Shape:
    return {"type": "string", "enum": list(names)}


def _object(required: dict[str, Shape], **optional: Shape) -> Shape:
    properties = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": properties}


def _list(of: Shape) -> Shape:
    return {"type": "array", "items": of}


TASK_STATES = ("queued", "running", "succeeded", "failed", "cancelled")
_VISIBILITY = _one_of("private", "team")
_SERVICE_STATE = _one_of("running", "paused")
_ROLE = _one_of("viewer", "analyst", "admin")
_VARIABLES = _list(_object(dict.fromkeys(("name", "type", "range", "dimension", "optype"), _TEXT)))
_RECORD: Shape = {"type": "object"}
_TASK: dict[str, Shape] = {
    "state": _one_of(*TASK_STATES),
    "rows_total": _maybe(_WHOLE),
    "rows_done": _WHOLE,
    "rows_failed": _WHOLE,
    "created": _TIME,
    "started": _maybe(_TIME),
    "finished": _maybe(_TIME),
    "eta_s": _maybe(_NUMBER),
    "message": _TEXT,
}
_BRIEF: dict[str, Shape] = {
    "modelname": _TEXT,
    "modeltype": _TEXT,
    "time": _TIME,
    "owner": _TEXT,
    "version": _WHOLE,
    "visibility": _VISIBILITY,
}
_SERVICE: dict[str, Shape] = {
    "deployment": _TEXT,
    "status": _SERVICE_STATE,
    "time": _TIME,
    "endpoint": _TEXT,
    "version": _WHOLE,
}
_LATENCY = _object({n: _maybe(_NUMBER) for n in ("mean", "p50", "p95", "p99", "max")})

FIELDS: dict[str, Shape] = {
    "version": {"type": "integer", "minimum": 1},
    "days": {"type": "integer", "minimum": 1, "maximum": 3650},
    "offset": _WHOLE,
    "limit": _WHOLE,
    "window": _one_of("1h", "24h", "7d", "30d"),
    "visibility": _VISIBILITY,
    "role": _ROLE,
    "input": {"type": "string", "description": "JSON, text, base64, or a file part"},
}

KEYS: dict[str, Shape] = {
    **_TASK,
    **_BRIEF,
    "role": _ROLE,
    "token": _TEXT,
    "id": _TEXT,
    "expires": _TIME,
    "algorithm": _TEXT,
    "description": _TEXT,
    "engine": _TEXT,
    "versions": _WHOLE,
    "input": _VARIABLES,
    "output": {"anyOf": [_RECORD, _list(_RECORD)]},
    "latency_ms": _NUMBER,
    "model": _list(_object(_BRIEF)),
    "deployment": _list(_object(_SERVICE)),
    "endpoint": _TEXT,
    "calls": _WHOLE,
    "rows": _WHOLE,
    "errors": _WHOLE,
    "first_call": _maybe(_TIME),
    "last_call": _maybe(_TIME),
    "task": _TEXT,
    "total": _WHOLE,
    "pending": {"type": "boolean"},
    "unchecked": _list(_TEXT),
}

_BY_PATH: dict[tuple[str, str], Shape] = {
    **{
        (f"/api/model/{verb}", "output"): _VARIABLES
        for verb in ("upload", "version", "info", "import")
    },
    ("/api/deployment/status", "state"): _SERVICE_STATE,
    ("/api/deployment/status", "latency_ms"): _LATENCY,
    ("/api/task/list", "task"): _list(
        _object({"task": _TEXT, "modelname": _TEXT, "deployment": _maybe(_TEXT), **_TASK})
    ),
    ("/api/task/result", "output"): _list(_RECORD),
    ("/api/task/summary", "errors"): _ANY,
}


def field_shape(path: str, name: str) -> Shape:
    """Return what a text field of an endpoint holds."""
    if path == "/api/task/list" and name == "state":
        return _one_of(*TASK_STATES)
    return FIELDS.get(name, _TEXT)


def key_shape(path: str, name: str) -> Shape:
    """Return what a key of an endpoint's success holds; anything where nothing is known of it."""
    if path.startswith("/api/admin/"):
        return _ANY
    return _BY_PATH.get((path, name), KEYS.get(name, _ANY))
