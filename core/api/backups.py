"""Backups over HTTP: with an admin's token, or by a ticket."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.api.edge import guarded
from core.api.forms import Call, Endpoint, may
from core.db.tables import utc_now
from core.services.accounts import Caller

if TYPE_CHECKING:
    from core.platform import Platform

PATH = "/api/admin/backup/download"
_YES = {"1", "true", "yes"}


def backup(call: Call) -> Response:
    """Return the whole platform as one archive; admins only."""
    results = (call.form.find("results") or "").casefold() in _YES
    return _sent(call.platform, call.caller, results=results)


def route(platform: Callable[[], "Platform"], pool: ThreadPoolExecutor) -> Route:
    """Return the route that gives the backup that a ticket is for."""

    async def handle(request: Request) -> Response:
        ticket = request.query_params.get("ticket", "")
        return await asyncio.get_running_loop().run_in_executor(
            pool, _by_ticket, platform(), ticket
        )

    return Route(PATH, guarded(handle), methods=["GET"])


def _by_ticket(platform: "Platform", ticket: str) -> Response:
    caller, results = platform.backup_tickets.redeem(ticket)
    return _sent(platform, caller, results=results)


def _sent(platform: "Platform", caller: Caller, *, results: bool) -> Response:
    blocks = platform.backups.make(caller, results=results)
    name = f"slipway-backup-{utc_now():%Y%m%d-%H%M}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(blocks, media_type="application/zip", headers=headers)


ENDPOINTS = (
    Endpoint(
        "/api/admin/backup",
        backup,
        (may("results", "yes: with the files of tasks that are over"),),
        media=("application/zip",),
    ),
)
