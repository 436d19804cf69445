"""Calls with JavaScript and fetch, as Node.js 18 and later run it."""

from pages.components.clients.example import (
    INPUT_FILE,
    TOKEN_VARIABLE,
    Example,
    Kind,
    Part,
    as_json,
)


def form_call(example: Example) -> str:
    """Return a call of the form contract, as a module."""
    parts = example.parts
    reads = any(part.kind is not Kind.TEXT for part in parts)
    lines = ['import { readFile } from "node:fs/promises";', ""] if reads else []
    token = as_json(example.token) if example.token else f"process.env.{TOKEN_VARIABLE}"
    lines.append(f"const token = {token};")
    if not example.is_one_picture and not example.is_long:
        lines.append(f"const record = {as_json(example.plain_record, indent=2)};")
    return "\n".join(
        [
            *lines,
            "const form = new FormData();",
            *(_set(part) for part in parts),
            f"const response = await fetch({as_json(example.url)}, {{",
            '  method: "POST",',
            "  headers: { Authorization: `Bearer ${token}` },",
            "  body: form,",
            "});",
            "const answer = await response.json();",
            'if (answer.status !== "success") throw new Error(answer.message);',
            "console.log(answer.output);",
        ]
    )


def _set(part: Part) -> str:
    name = as_json(part.name)
    if part.kind is Kind.PICTURE:
        file = as_json(part.value)
        return f"form.set({name}, new Blob([await readFile({file})]), {file});"
    if part.kind is Kind.TEXT_FILE:
        return f'form.set({name}, await readFile({as_json(INPUT_FILE)}, "utf8"));'
    value = "JSON.stringify(record)" if part.name == "input" else as_json(part.value)
    return f"form.set({name}, {value});"
