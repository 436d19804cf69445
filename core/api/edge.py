"""Where answers leave the platform: JSON, and errors as each contract has them."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from core.errors import InternalError, Problem, SlipwayError, TooLarge

Handler = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HUNG_UP = 499
_DETAIL_KEYS = ("field", "row", "value", "message")


def json_answer(
    content: object, http: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON answer; dates and times in it become ISO 8601."""
    return Response(msgspec.json.encode(content), http, headers, "application/json")


def form_error(error: SlipwayError) -> Response:
    """Return an error of the form contract: status, code, message, and details if there are any."""
    body: dict[str, object] = {
        "status": error.status,
        "code": error.code,
        "message": error.message,
    }
    if error.details:
        body["details"] = [detail(problem) for problem in error.details]
    return json_answer(body, error.http, _headers(error))


def protocol_error(error: SlipwayError) -> Response:
    """Return an error of the inference protocols: one sentence under `error`."""
    return json_answer({"error": error.message}, error.http, _headers(error))


def guarded(handler: Handler, show: Callable[[SlipwayError], Response] = form_error) -> Handler:
    """Return a handler whose errors are answers; what nobody foresaw is logged by reference."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except SlipwayError as error:
            return show(error)
        except ClientDisconnect:
            return Response(status_code=_HUNG_UP)  # nobody is there to read it
        except Exception as error:  # noqa: BLE001 - the edge: nothing may reach the caller raw
            return show(_unexpected(error))

    return handle


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body; raises TooLarge as soon as it is longer than `limit` bytes."""
    blocks: list[bytes] = []
    size = 0
    async for block in request.stream():
        size += len(block)
        if size > limit:
            raise too_large(limit)
        blocks.append(block)
    return b"".join(blocks)


def too_large(limit: int) -> TooLarge:
    """Return the error for a body that is over its limit in bytes."""
    return TooLarge(f"The call is larger than {limit >> 20} MiB, the most that is taken here.")


def detail(problem: Problem) -> dict[str, object]:
    """Return one of several things wrong with an input, with the keys that apply."""
    return {name: value for name in _DETAIL_KEYS if (value := getattr(problem, name)) is not None}


def _headers(error: SlipwayError) -> dict[str, str]:
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}


def _unexpected(error: Exception) -> SlipwayError:
    reference = uuid.uuid4().hex[:12]
    _log.error("reference %s", reference, exc_info=error)
    return InternalError(f"Something went wrong on the server; its log has it as {reference}.")
