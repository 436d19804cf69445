"""Calls with Python and its package requests."""

from collections.abc import Mapping
from pprint import pformat

from pages.components.clients.example import (
    INFER_FILE,
    INPUT_FILE,
    INVOCATION_FILE,
    LONGEST,
    TOKEN_VARIABLE,
    Example,
    Kind,
    as_json,
    infer_body,
    invocation_body,
)

_SENT = 'headers={"Authorization": f"Bearer {token}"}'


def form_call(example: Example) -> str:
    """Return a call of the form contract."""
    texts = [part for part in example.parts if part.kind is Kind.TEXT and part.name != "input"]
    files = [part for part in example.parts if part.kind is Kind.PICTURE]
    fields = [f"{as_json(part.name)}: {as_json(part.value)}" for part in texts]
    if not example.is_one_picture:
        fields.append('"input": json.dumps(record)')
    sent = [_SENT, _dictionary("data", fields)]
    if files:
        pictures = [f'{as_json(part.name)}: open({as_json(part.value)}, "rb")' for part in files]
        sent.append(_dictionary("files", pictures))
    lines = [] if example.is_one_picture else [_record(example)]
    return _script(
        example,
        example.url,
        lines,
        sent,
        'if answer["status"] != "success":\n    raise SystemExit(answer["message"])\n'
        'print(answer["output"])',
        uses_json=not example.is_one_picture,
    )


def infer_call(example: Example) -> str:
    """Return a call of the Open Inference Protocol."""
    url = f"{example.origin}/v2/models/{example.endpoint}/infer"
    told = (
        'if "error" in answer:\n    raise SystemExit(answer["error"])\n'
        'for output in answer["outputs"]:\n    print(output["name"], output["data"])'
    )
    return _json_call(example, url, infer_body(example), INFER_FILE, told)


def invocation_call(example: Example) -> str:
    """Return a call as MLflow's clients make it."""
    url = f"{example.origin}/invocations/{example.endpoint}"
    told = (
        'if "predictions" not in answer:\n    raise SystemExit(answer["message"])\n'
        'print(answer["predictions"])'
    )
    return _json_call(example, url, invocation_body(example), INVOCATION_FILE, told)


def _json_call(example: Example, url: str, body: Mapping[str, object], file: str, told: str) -> str:
    is_long = len(as_json(body)) > LONGEST
    given = _read(file) if is_long else _literal(body)
    return _script(example, url, [f"body = {given}"], [_SENT, "json=body"], told, uses_json=is_long)


def _script(
    example: Example, url: str, lines: list[str], sent: list[str], told: str, *, uses_json: bool
) -> str:
    imports = ["import json"] if uses_json else []
    if not example.token:
        imports.append("import os")
    token = as_json(example.token) if example.token else f'os.environ["{TOKEN_VARIABLE}"]'
    arguments = "".join(f"    {argument},\n" for argument in [as_json(url), *sent, "timeout=60"])
    return "\n".join(
        [
            *imports,
            *([""] if imports else []),
            "import requests",
            "",
            f"token = {token}",
            *lines,
            f"answer = requests.post(\n{arguments}).json()",
            told,
        ]
    )


def _record(example: Example) -> str:
    given = _read(INPUT_FILE) if example.is_long else _literal(example.plain_record)
    return f"record = {given}"


def _read(file: str) -> str:
    return f'json.load(open("{file}", encoding="utf-8"))'


def _literal(value: object) -> str:
    return pformat(value, sort_dicts=False, width=88)


def _dictionary(name: str, entries: list[str]) -> str:
    lines = "".join(f"        {entry},\n" for entry in entries)
    return f"{name}={{\n{lines}    }}"
