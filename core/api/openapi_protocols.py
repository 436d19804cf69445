"""The addresses that are no forms, for the OpenAPI description: HTTP.md, sections 2 to 4."""

from core.api.inference import DATATYPES
from core.api.invocations import KEYS

Shape = dict[str, object]

_TOKEN: list[Shape] = [{"token": []}]
_ERROR: Shape = {"$ref": "#/components/schemas/ProtocolError"}
_FORM_ERROR: Shape = {"$ref": "#/components/schemas/Error"}
_TEXT: Shape = {"type": "string"}
_WHOLE: Shape = {"type": "integer"}

PROTOCOL_ERROR: Shape = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
_DESCRIBED: Shape = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": _TEXT,
        "datatype": {"type": "string", "enum": sorted(set(DATATYPES.values()))},
        "shape": {"type": "array", "items": _WHOLE},
    },
}
_TENSOR: Shape = {
    "type": "object",
    "required": ["name", "shape", "datatype", "data"],
    "properties": {
        "name": _TEXT,
        "datatype": _TEXT,
        "shape": {"type": "array", "items": _WHOLE},
        "data": {"type": "array"},
        "parameters": {"type": "object"},
    },
}
_REQUEST: Shape = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": _TEXT,
        "inputs": {"type": "array", "minItems": 1, "items": _TENSOR},
        "outputs": {
            "type": "array",
            "items": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}},
        },
        "parameters": {"type": "object"},
    },
}
_ANSWER: Shape = {
    "type": "object",
    "required": ["model_name", "model_version", "outputs"],
    "properties": {
        "model_name": _TEXT,
        "model_version": _TEXT,
        "id": _TEXT,
        "outputs": {"type": "array", "items": _TENSOR},
    },
}
_METADATA: Shape = {
    "type": "object",
    "required": ["name", "versions", "platform", "inputs", "outputs"],
    "properties": {
        "name": _TEXT,
        "versions": {"type": "array", "items": _TEXT},
        "platform": _TEXT,
        "inputs": {"type": "array", "items": _DESCRIBED},
        "outputs": {"type": "array", "items": _DESCRIBED},
    },
}
_INVOCATION: Shape = {
    "type": "object",
    "oneOf": [{"required": [key]} for key in KEYS],
    "properties": {
        "dataframe_split": {
            "type": "object",
            "required": ["columns", "data"],
            "properties": {"columns": {"type": "array"}, "data": {"type": "array"}},
        },
        "dataframe_records": {"type": "array", "items": {"type": "object"}},
        "instances": {"type": "array"},
        "inputs": {},
    },
}
_PREDICTIONS: Shape = {
    "type": "object",
    "required": ["predictions"],
    "properties": {"predictions": {"type": "array", "items": {"type": "object"}}},
}


def paths(failures: dict[int, str]) -> dict[str, Shape]:
    """Return the paths; `failures` says what each HTTP number may mean."""
    model = "/v2/models/{endpoint}"
    return {
        "/v2": {"get": _get("What this server is.", _of("name", "version", "extensions"), {})},
        "/v2/health/live": {"get": _get("Whether the server runs.", _of("live"), {})},
        "/v2/health/ready": {"get": _get("Whether calls are answered.", _of("ready"), {})},
        **{
            address: shape
            for path in (model, f"{model}/versions/{{version}}")
            for address, shape in _of_model(path, failures).items()
        },
        "/invocations/{endpoint}": {"post": _invocation(failures)},
        "/metrics": {"get": _metrics(failures)},
    }


def _of_model(path: str, failures: dict[int, str]) -> dict[str, Shape]:
    asked = {"parameters": _parameters(path), "security": _TOKEN}
    infer = _operation("Score tensors.", _ANSWER, failures, _ERROR)
    body = {"required": True, "content": {"application/json": {"schema": _REQUEST}}}
    return {
        path: {"get": {**_get("The tensors of a service.", _METADATA, failures), **asked}},
        f"{path}/ready": {
            "get": {**_get("Whether a service is ready.", _of("name", "ready"), failures), **asked}
        },
        f"{path}/infer": {"post": {**infer, **asked, "requestBody": body}},
    }


def _get(text: str, shape: Shape, failures: dict[int, str]) -> Shape:
    return _operation(text, shape, failures, _ERROR)


def _invocation(failures: dict[int, str]) -> Shape:
    shape = _operation("Score records as MLflow does.", _PREDICTIONS, failures, _FORM_ERROR)
    content = {"application/json": {"schema": _INVOCATION}, "text/csv": {"schema": _TEXT}}
    asked = {"parameters": _parameters("{endpoint}"), "security": _TOKEN}
    return {**shape, **asked, "requestBody": {"required": True, "content": content}}


def _metrics(failures: dict[int, str]) -> Shape:
    shape = _operation("Counters for Prometheus.", {}, failures, _FORM_ERROR)
    answers = {
        **_failures(failures, _FORM_ERROR),
        "200": {"description": "success", "content": {"text/plain": {"schema": _TEXT}}},
    }
    return {**shape, "security": _TOKEN, "responses": answers}


def _operation(text: str, shape: Shape, failures: dict[int, str], error: Shape) -> Shape:
    success = {"description": "success", "content": {"application/json": {"schema": shape}}}
    return {"summary": text, "responses": {"200": success, **_failures(failures, error)}}


def _failures(failures: dict[int, str], error: Shape) -> Shape:
    content = {"application/json": {"schema": error}}
    return {str(http): {"description": t, "content": content} for http, t in failures.items()}


def _of(*keys: str) -> Shape:
    return {"type": "object", "required": list(keys)}


def _parameters(path: str) -> list[Shape]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _TEXT}
        for name in ("endpoint", "version")
        if f"{{{name}}}" in path
    ]
