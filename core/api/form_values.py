"""What the texts of a form write: JSON, and files as base64."""

import base64

import msgspec

from core.api.forms import Form
from core.errors import InvalidInput

_NO_LINES = str.maketrans("", "", "\r\n\t")


def from_base64(name: str, text: object) -> bytes:
    """Return the bytes that a text writes, also behind `data:image/png;base64,`.

    A form that was not encoded with care has spaces for its plus signs; they are put back.
    """
    if not isinstance(text, str) or not text:
        raise InvalidInput(f"Send the file as base64 in {name}.")
    written = text.split(",", 1)[1] if text.startswith("data:") and "," in text else text
    plain = written.strip().replace(" ", "+").translate(_NO_LINES)
    try:
        return base64.b64decode(plain, validate=True)
    except ValueError as error:
        raise InvalidInput(f"{name} is not base64: {error}.") from error


def json_of(form: Form) -> object:
    """Return the field `input` as JSON; raises InvalidInput where it is none, or left out."""
    text = form.find("input")
    if text is None:
        raise InvalidInput("Send the records as JSON in the form field input.")
    return decoded("input", text)


def decoded(name: str, text: str) -> object:
    """Return a field as JSON; raises InvalidInput that names it where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"{name} is not JSON: {error}.") from error
