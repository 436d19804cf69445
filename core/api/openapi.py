"""The API described from the table that serves it: OpenAPI 3.1, and a page to read.

Source of the format: https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Iterable
from html import escape
from typing import Any

from core.api import openapi_protocols
from core.api.forms import Endpoint, FormField, Who
from core.api.shapes import field_shape, key_shape
from core.errors import SlipwayError

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_CALLER_FIELDS = (
    FormField("user", required=False, help="the caller's name, if there is no bearer token"),
    FormField("password", required=False, help="the caller's password"),
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Slipway API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1d2733; background: #fff }}
h2 {{ margin-top: 2.5rem; font: 600 1.1rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dfe5ec;
         vertical-align: top }}
code {{ font-family: ui-monospace, monospace }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e6ebf1; background: #12181f }} td, th {{ border-color: #2c3947 }}
  a {{ color: #7fb4ff }}
}}
</style></head><body>
<h1>Slipway API</h1>
<p>Every call is a <code>POST</code> of a form. Say who calls with the header
<code>Authorization: Bearer &lt;token&gt;</code>, or with the fields <code>user</code> and
<code>password</code>. Answers are JSON: <code>status</code> is <code>success</code>, or tells what
went wrong beside a <code>code</code> and a <code>message</code>.
Machines read <a href="/api/openapi.json">openapi.json</a>.</p>
{sections}
</body></html>
"""


def openapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the description as an OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Slipway",
            "version": "1",
            "description": "Forms for models, services and tasks; protocols that programs speak.",
        },
        "paths": {
            **{endpoint.path: {"post": _operation(endpoint)} for endpoint in endpoints},
            **openapi_protocols.paths(_failures()),
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR, "ProtocolError": openapi_protocols.PROTOCOL_ERROR},
        },
    }


def page(endpoints: Iterable[Endpoint]) -> str:
    """Return the description as an HTML page."""
    return _PAGE.format(sections="\n".join(_section(endpoint) for endpoint in endpoints))


def summary(endpoint: Endpoint) -> str:
    """Return the first line of what an endpoint's function says of itself."""
    return (endpoint.run.__doc__ or "").strip().splitlines()[0]


def form_fields(endpoint: Endpoint) -> tuple[FormField, ...]:
    """Return all fields of an endpoint's form, those that name the caller included."""
    return endpoint.fields if endpoint.who is Who.ANYONE else (*_CALLER_FIELDS, *endpoint.fields)


_ERROR = {
    "type": "object",
    "required": ["status", "code", "message"],
    "properties": {
        "status": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "field": {"type": "string"},
                    "row": {"type": "integer"},
                    "value": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def _operation(endpoint: Endpoint) -> dict[str, object]:
    schema = _form_schema(endpoint)
    return {
        "operationId": endpoint.path.removeprefix("/api/").replace("/", "_"),
        "summary": summary(endpoint),
        "security": [] if endpoint.who is Who.ANYONE else [{"token": []}, {}],
        "requestBody": {
            "required": bool(schema["required"]),
            "content": {kind: {"schema": schema} for kind in _forms_of(endpoint)},
        },
        "responses": {
            str(endpoint.http): _success(endpoint),
            **{str(http): _failure(sentence) for http, sentence in _failures().items()},
        },
    }


def _forms_of(endpoint: Endpoint) -> tuple[str, ...]:
    return _FORMS[:1] if any(field.is_file for field in endpoint.fields) else _FORMS


def _form_schema(endpoint: Endpoint) -> dict[str, object]:
    fields = form_fields(endpoint)
    return {
        "type": "object",
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: _property(endpoint.path, field) for field in fields},
    }


def _property(path: str, field: FormField) -> dict[str, object]:
    if field.is_file:
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    return {**field_shape(path, field.name), **({"description": field.help} if field.help else {})}


def _success(endpoint: Endpoint) -> dict[str, object]:
    status = {"status": {"type": "string", "const": "success"}}
    names = (*endpoint.adds, *endpoint.may_add)
    keys = {name: key_shape(endpoint.path, name) for name in names}
    schema = {
        "type": "object",
        "required": ["status", *endpoint.adds],
        "properties": {**status, **keys},
    }
    content: dict[str, object] = {"application/json": {"schema": schema}}
    content.update({media: {} for media in endpoint.media})
    return {"description": "success", "content": content}


def _failure(sentence: str) -> dict[str, object]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": sentence, "content": content}


def _failures() -> dict[int, str]:
    """Return what each HTTP number may mean, read off the tree of errors."""
    statuses: dict[int, list[str]] = {}
    for error in SlipwayError.__subclasses__():
        statuses.setdefault(error.http, []).append(error.status)
    return {http: " · ".join(sorted(names)) for http, names in sorted(statuses.items())}


def _section(endpoint: Endpoint) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field.name)}</code></td>"
        f"<td>{'file' if field.is_file else 'text'}{'' if field.required else ', optional'}</td>"
        f"<td>{escape(field.help)}</td></tr>"
        for field in form_fields(endpoint)
    )
    keys = ", ".join(f"<code>{escape(name)}</code>" for name in ("status", *endpoint.adds))
    return (
        f"<h2>{escape(endpoint.path)}</h2><p>{escape(summary(endpoint))} "
        f"Answers {endpoint.http} with {keys}.</p>"
        f"<table><tr><th>field</th><th>kind</th><th></th></tr>{rows}</table>"
    )
