"""The routes of the Open Inference Protocol: health, metadata, and inference of services."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api import inference
from core.api.auth import caller_by_header
from core.api.edge import ALL_METHODS, Handler, guarded, json_answer, protocol_error, read_body
from core.api.online import SMALL_BODY, Lanes
from core.errors import InvalidInput, InvalidToken, NotFound, VersionNotFound
from core.services.accounts import Caller
from core.services.deployment_views import Live
from core.services.predictions import Measure
from core.version import VERSION

if TYPE_CHECKING:
    from core.platform import Platform

Platforms = Callable[[], "Platform"]
About = Callable[[Live], Response]


def routes(platform: Platforms, lanes: Lanes) -> list[BaseRoute]:
    """Return the protocol's routes."""
    model = "/v2/models/{endpoint}"
    of_model = [
        route
        for path in (model, model + "/versions/{version}")
        for route in (
            _route(path, _about(platform, _metadata)),
            _route(f"{path}/ready", _about(platform, _model_ready(platform))),
            _route(f"{path}/infer", _infer(platform, lanes), method="POST"),
        )
    ]
    return [
        _route("/v2", _server),
        _route("/v2/health/live", _live),
        _route("/v2/health/ready", _ready(platform)),
        *of_model,
        Route("/v2/{path:path}", guarded(_unknown, protocol_error), methods=ALL_METHODS),
    ]


def bearer(request: Request, platform: "Platform") -> Caller:
    """Return who calls; these protocols know tokens alone. Raises InvalidToken."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        raise InvalidToken("Send the header Authorization: Bearer <token>.")
    return caller_by_header(platform.accounts, authorization)


def _route(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(path, guarded(handler, protocol_error), methods=[method])


async def _server(_: Request) -> Response:
    return json_answer({"name": "slipway", "version": VERSION, "extensions": []})


async def _live(_: Request) -> Response:
    return json_answer({"live": True})


def _ready(platform: Platforms) -> Handler:
    async def ready(_: Request) -> Response:
        if platform().ready:
            return json_answer({"ready": True})
        return json_answer({"ready": False}, 503, {"Retry-After": "1"})

    return ready


async def _unknown(request: Request) -> Response:
    raise NotFound(f"There is nothing at {request.method} {request.url.path}.")


def _about(platform: Platforms, answer: About) -> Handler:
    async def about(request: Request) -> Response:
        caller = bearer(request, platform())
        live = platform().deployments.live_for(caller, request.path_params["endpoint"])
        _check_version(live, request)
        return answer(live)

    return about


def _metadata(live: Live) -> Response:
    return json_answer(inference.metadata(live))


def _model_ready(platform: Platforms) -> About:
    def ready(live: Live) -> Response:
        is_ready = platform().loader.find_problem(live.version_id) is None
        return json_answer({"name": live.endpoint, "ready": is_ready}, 200 if is_ready else 503)

    return ready


def _infer(platform: Platforms, lanes: Lanes) -> Handler:
    async def infer(request: Request) -> Response:
        here = platform()
        caller = bearer(request, here)
        live = here.deployments.live_for(caller, request.path_params["endpoint"])
        _check_version(live, request)
        body = await read_body(request, here.settings.max_call_bytes)
        lane = partial(lanes.run, service=live.deployment_id)
        with here.predictions.measured(caller, live) as measure:
            _refuse_binary(request)
            score = partial(_scored, here, live, measure)
            if len(body) > SMALL_BODY:
                return await lane(False, work=lambda: score(inference.read_request(body)))
            asked = inference.read_request(body)
            fast = here.predictions.is_fast(live, inference.rows_in(asked))
            return await lane(fast, work=lambda: score(asked))

    return infer


def _scored(
    platform: "Platform", live: Live, measure: Measure, asked: inference.InferRequest
) -> Response:
    wanted = inference.selected(asked, live.info.outputs)
    typed = inference.typed_of(asked, live.info.input_schema)
    scored = platform.predictions.score_typed(live, typed, measure)
    measure.count(scored.num_rows, inference.failed(scored))
    return json_answer(inference.answer(asked, live, wanted, scored))


def _refuse_binary(request: Request) -> None:
    """Raise InvalidInput for a body in the protocol's binary extension, which is not spoken here.

    A caller who asks for binary outputs gets them as JSON, which its extension allows for.
    """
    if "inference-header-content-length" in request.headers:
        raise InvalidInput(
            "The body holds binary tensors; send the data as JSON (in tritonclient: "
            "set_data_from_numpy(..., binary_data=False))."
        )


def _check_version(live: Live, request: Request) -> None:
    version = request.path_params.get("version")
    if version not in (None, str(live.version)):
        raise VersionNotFound(
            f"Version {version[:20]} of {live.endpoint} is not live; version {live.version} is."
        )
