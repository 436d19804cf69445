"""Calls with curl, for any POSIX shell."""

import shlex
from collections.abc import Mapping

from pages.components.clients.example import (
    INFER_FILE,
    INVOCATION_FILE,
    LONGEST,
    TOKEN_VARIABLE,
    Example,
    Kind,
    Part,
    as_json,
    infer_body,
    invocation_body,
)


def form_call(example: Example) -> str:
    """Return a call of the form contract."""
    return _call(example, example.url, [_part(part) for part in example.parts])


def infer_call(example: Example) -> str:
    """Return a call of the Open Inference Protocol."""
    url = f"{example.origin}/v2/models/{example.endpoint}/infer"
    return _call(example, url, _body(infer_body(example), INFER_FILE))


def invocation_call(example: Example) -> str:
    """Return a call as MLflow's clients make it."""
    url = f"{example.origin}/invocations/{example.endpoint}"
    return _call(example, url, _body(invocation_body(example), INVOCATION_FILE))


def upload_call(url: str, fields: Mapping[str, str]) -> str:
    """Return a call that sends a file from disk, of any size."""
    texts = [f"--form-string {shlex.quote(f'{name}={text}')}" for name, text in fields.items()]
    head = [f"curl {shlex.quote(url)}", f'-H "Authorization: Bearer ${TOKEN_VARIABLE}"']
    return " \\\n  ".join([*head, *texts, "-F input=@file.csv"])


def _call(example: Example, url: str, options: list[str]) -> str:
    token = (
        shlex.quote(f"Authorization: Bearer {example.token}")
        if example.token
        else f'"Authorization: Bearer ${TOKEN_VARIABLE}"'
    )
    return " \\\n  ".join([f"curl {shlex.quote(url)}", f"-H {token}", *options])


def _part(part: Part) -> str:
    if part.kind is Kind.TEXT:
        return f"--form-string {shlex.quote(f'{part.name}={part.value}')}"
    mark = "<" if part.kind is Kind.TEXT_FILE else "@"
    return f"-F {shlex.quote(f'{part.name}={mark}{part.value}')}"


def _body(body: Mapping[str, object], file: str) -> list[str]:
    text = as_json(body)
    data = f"@{file}" if len(text) > LONGEST else shlex.quote(text)
    return ["-H 'Content-Type: application/json'", f"--data-binary {data}"]
