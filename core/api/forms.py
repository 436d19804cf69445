"""The form contract: one endpoint is a row of a table, and one function serves them all.

An endpoint names its fields; the reader checks them, finds the caller, and runs the endpoint's
function: a coroutine on the event loop, any other in a thread pool of the API's own (AnyIO's is
shared with Streamlit's file serving, which made single calls wait half a second).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from core.api.edge import too_large
from core.api.online import Lanes
from core.errors import InvalidInput
from core.services.accounts import Caller

if TYPE_CHECKING:
    from core.platform import Platform

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_MAX_FILES = 100
_MAX_FIELDS = 20


class Who(Enum):
    """Who may call an endpoint."""

    ANYONE = "anyone"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of an endpoint's form."""

    name: str
    required: bool = True
    is_file: bool = False
    help: str = ""


def need(name: str, text: str = "") -> FormField:
    """Return a text field that must be sent."""
    return FormField(name, help=text)


def may(name: str, text: str = "") -> FormField:
    """Return a text field that may be left out."""
    return FormField(name, required=False, help=text)


def upload(name: str, text: str = "") -> FormField:
    """Return a file that must be sent."""
    return FormField(name, is_file=True, help=text)


@dataclass(frozen=True, slots=True)
class Form:
    """What a call sent: texts and files by field name."""

    texts: Mapping[str, str]
    files: Mapping[str, UploadFile]

    def text(self, name: str) -> str:
        """Return a required text."""
        return self.texts[name]

    def find(self, name: str) -> str | None:
        """Return a text, or None where it was left out or is empty."""
        return self.texts.get(name) or None

    def number(self, name: str) -> int | None:
        """Return a whole number of 0 or more, or None where it was left out."""
        text = self.find(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise InvalidInput(f'{name} is "{text[:40]}"; it must be a whole number.')
        return int(text)


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way through an endpoint; `address` is where it comes from."""

    platform: "Platform"
    caller: Caller
    form: Form
    lanes: Lanes
    address: str = ""


Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the form contract.

    `http` is the status of a success. `limit` names the setting that bounds the body's size.
    `adds` names the keys of a success, `may_add` those that it sometimes has, and `media` the types
    of an answer that is no JSON, for the documentation.
    """

    path: str
    run: Callable[[Call], Answer | Response] | Callable[[Call], Awaitable[Answer]]
    fields: tuple[FormField, ...] = ()
    adds: tuple[str, ...] = ()
    may_add: tuple[str, ...] = ()
    http: int = 200
    who: Who = Who.CALLER
    limit: str = "max_call_bytes"
    media: tuple[str, ...] = ()


async def read_form(request: Request, limit: int, text_limit: int) -> Form:
    """Read a form whole: files go to temporary files on disk, texts to memory.

    Raises TooLarge once more than `limit` bytes have come, InvalidInput if it is no form, or if a
    text is longer than `text_limit` bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in _FORMS:
        raise InvalidInput(f"The content type is {kind[:60]}; send a form: {' or '.join(_FORMS)}.")
    bounded = Request(request.scope, _bounded(request.receive, limit))
    try:
        form = await bounded.form(
            max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=text_limit
        )
    except HTTPException as error:
        raise InvalidInput(f"The form cannot be read: {error.detail}") from error
    except MultiPartException as error:
        raise InvalidInput(f"The form cannot be read: {error.message}") from error
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
    return Form(texts, files)


def check_fields(endpoint: Endpoint, form: Form) -> None:
    """Raise InvalidInput for the first field that must be sent and was not."""
    for field in endpoint.fields:
        if not field.required:
            continue
        if field.is_file and field.name not in form.files:
            raise InvalidInput(f"Send the file in the form field {field.name}.")
        if not field.is_file and field.name not in form.texts:
            raise InvalidInput(f"The form field {field.name} is missing.")


def _bounded(receive: Receive, limit: int) -> Receive:
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise too_large(limit)
        return message

    return bounded
