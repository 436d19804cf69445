"""Results as files: streamed, under a name that a person recognises; by a ticket in a browser."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.api.edge import guarded
from core.services.accounts import Caller
from core.services.job_downloads import FILE_KINDS, require_kind
from core.services.job_tickets import Wanted

if TYPE_CHECKING:
    from core.platform import Platform

PATH = "/api/task/download"


def sent_file(platform: "Platform", caller: Caller, wanted: Wanted) -> Response:
    """Return a result as a file that is made while it is sent."""
    require_kind(wanted.kind)
    content = platform.jobs.export(
        caller, wanted.task_id, wanted.kind, wanted.query, neutralised=wanted.neutralised
    )
    name = _file_name(platform.jobs.get(caller, wanted.task_id).file_name, wanted)
    disposition = (
        f"attachment; filename=\"{wanted.task_id}.{wanted.kind}\"; filename*=UTF-8''{name}"
    )
    return StreamingResponse(
        content,
        media_type=FILE_KINDS[wanted.kind].media,
        headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
    )


def route(platform: Callable[[], "Platform"], pool: ThreadPoolExecutor) -> Route:
    """Return the route that gives a browser the file that its ticket is for."""

    async def handle(request: Request) -> Response:
        ticket = request.query_params.get("ticket", "")
        return await asyncio.get_running_loop().run_in_executor(
            pool, _by_ticket, platform(), ticket
        )

    return Route(PATH, guarded(handle), methods=["GET"])


def _by_ticket(platform: "Platform", ticket: str) -> Response:
    response = sent_file(platform, *platform.tickets.redeem(ticket))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _file_name(given: str, wanted: Wanted) -> str:
    what = "rejects" if wanted.query.only_rejects else "scored"
    return quote(f"{(given or 'result').rsplit('.', 1)[0]}-{what}.{wanted.kind}", safe="")
