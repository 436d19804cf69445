"""Calls with R and its package httr2."""

import re

from pages.components.clients.example import TOKEN_VARIABLE, Example, Kind, Part, as_json


def form_call(example: Example) -> str:
    """Return a call of the form contract; it needs R 4.1 or later."""
    token = _quoted(example.token) if example.token else f'Sys.getenv("{TOKEN_VARIABLE}")'
    parts = ",\n".join(f"    {_name(part.name)} = {_value(part)}" for part in example.parts)
    return f"""library(httr2)

answer <- request({_quoted(example.url)}) |>
  req_auth_bearer_token({token}) |>
  req_body_multipart(
{parts}
  ) |>
  req_error(is_error = function(response) FALSE) |>
  req_perform() |>
  resp_body_json()
if (answer$status != "success") stop(answer$message)
str(answer$output)"""


def _value(part: Part) -> str:
    if part.kind is Kind.PICTURE:
        return f"curl::form_file({_quoted(part.value)})"
    if part.kind is Kind.TEXT_FILE:
        return f'paste(readLines({_quoted(part.value)}, encoding = "UTF-8"), collapse = "\\n")'
    return _quoted(part.value)


def _quoted(text: str) -> str:
    """Return a text as R writes it: raw, with enough dashes, where it has quotes or backslashes.

    Source: R's help page Quotes, "Raw character constants".
    """
    if not re.search(r'["\\\n\r\t]', text):
        return f'"{text}"'
    dashes = ""
    while f'){dashes}"' in text:
        dashes += "-"
    return f'r"{dashes}({text}){dashes}"'


def _name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9._]*", name):
        return name
    escaped = as_json(name)[1:-1].replace('\\"', '"').replace("`", "\\`")
    return f"`{escaped}`"
