"""All routes of the HTTP API over one platform."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from core.api import (
    accounts,
    admin,
    admin_system,
    admin_users,
    backups,
    cases,
    deployments,
    downloads,
    invocations,
    metrics,
    model_archives,
    models,
    openapi,
    preprocessing,
    protocol,
    tasks,
    timeline,
    watching,
    webhooks,
)
from core.api.auth import caller_by_form, caller_by_header
from core.api.edge import ALL_METHODS, guarded, json_answer
from core.api.forms import Call, Endpoint, Who, check_fields, read_form
from core.api.online import Lanes
from core.errors import NotAllowed
from core.services.accounts import Caller, Role

if TYPE_CHECKING:
    from core.platform import Platform

ENDPOINTS: tuple[Endpoint, ...] = (
    *accounts.ENDPOINTS,
    *models.ENDPOINTS,
    *model_archives.ENDPOINTS,
    *preprocessing.ENDPOINTS,
    *cases.ENDPOINTS,
    *deployments.ENDPOINTS,
    *watching.ENDPOINTS,
    *tasks.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *admin.ENDPOINTS,
    *admin_users.ENDPOINTS,
    *admin_system.ENDPOINTS,
    *timeline.ENDPOINTS,
    *backups.ENDPOINTS,
)

Run = Callable[..., Awaitable[Any]]  # a function in the API's threads

_NOBODY = Caller(id="", name="", role=Role.VIEWER)
_THREADS = 8


def routes(platform: Callable[[], "Platform"]) -> list[BaseRoute]:
    """Return all routes over the platform that the callable gives once the server has started."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="api")
    lanes = Lanes(lambda: platform().settings, lambda: platform().load)
    return [
        *(_form_route(endpoint, platform, pool, lanes) for endpoint in ENDPOINTS),
        *protocol.routes(platform, lanes),
        invocations.route(platform, lanes),
        downloads.route(platform, pool),
        backups.route(platform, pool),
        metrics.route(platform, pool),
        Route("/api/openapi.json", _described, methods=["GET"]),
        Route("/api/docs", _docs, methods=["GET"]),
        Route("/api", _unknown, methods=ALL_METHODS),
        Route("/api/{path:path}", _unknown, methods=ALL_METHODS),
        Route("/invocations/{path:path}", _unknown, methods=ALL_METHODS),
    ]


def _form_route(
    endpoint: Endpoint,
    platform: Callable[[], "Platform"],
    pool: ThreadPoolExecutor,
    lanes: Lanes,
) -> Route:
    async def handle(request: Request) -> Response:
        here = platform()
        run = partial(asyncio.get_running_loop().run_in_executor, pool)
        caller = _NOBODY if endpoint.who is Who.ANYONE else None
        if caller is None and (authorization := request.headers.get("authorization")):
            # Before the body is read: what a stranger sends is not received.
            caller = caller_by_header(here.accounts, authorization)
        limit = getattr(here.settings, endpoint.limit)
        form = await read_form(request, limit, here.settings.max_call_bytes)
        address = request.client.host if request.client else ""
        try:
            # Looking at a password takes long; a token is looked up in memory.
            if caller is None:
                caller = await run(caller_by_form, here.accounts, form.texts, address)
            check_fields(endpoint, form)
            return await _answer(endpoint, Call(here, caller, form, lanes, address), run)
        finally:
            for file in form.files.values():
                await file.close()

    return Route(endpoint.path, guarded(handle), methods=["POST"])


async def _answer(endpoint: Endpoint, call: Call, run: Run) -> Response:
    try:
        if iscoroutinefunction(endpoint.run):
            answer = await endpoint.run(call)
        else:
            answer = await run(endpoint.run, call)
    except NotAllowed as error:
        if call.caller is not _NOBODY:
            await run(call.platform.refusals.note, call.caller, endpoint.path, error)
        raise
    if isinstance(answer, Response):
        return answer
    return json_answer({"status": "success", **answer}, endpoint.http)


async def _described(_: Request) -> Response:
    return json_answer(openapi.openapi(ENDPOINTS))


async def _docs(_: Request) -> Response:
    return HTMLResponse(openapi.page(ENDPOINTS))


async def _unknown(request: Request) -> Response:
    known = any(endpoint.path == request.url.path for endpoint in ENDPOINTS)
    if known:
        body = {"code": "method_not_allowed", "message": "This address takes POST alone."}
        return json_answer({"status": "method not allowed", **body}, 405, {"Allow": "POST"})
    body = {"code": "not_found", "message": f"There is nothing at {request.url.path}."}
    return json_answer({"status": "not found", **body}, 404)
