"""Addresses that are no page's lead to Home; everything else is answered as it was (P10)."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.api.signpost import Signpost

HOME = "/?stray=1"


@pytest.fixture
def web() -> Iterator[TestClient]:
    """What answers as Streamlit does, behind the signpost."""

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse("Streamlit's page")

    async def script(_: Request) -> Response:
        return Response("let a", media_type="text/javascript")

    async def unknown(_: Request) -> JSONResponse:
        return JSONResponse({"error": "not_found"}, 404)

    app = Starlette(
        routes=[
            Route("/static/a.js", script),
            Route("/v2", unknown),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(Signpost, pages=["models"], home=HOME)],
    )
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere?model=1", "/models/one", "/Models"])
def test_an_address_of_no_page_leads_to_home(path: str, web: TestClient) -> None:
    answer = web.get(path)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, HOME, "")


@pytest.mark.parametrize("path", ["/", "/models", "/models?model=1", "/api/docs", "/component/a"])
def test_pages_and_the_html_of_others_are_answered(path: str, web: TestClient) -> None:
    assert web.get(path).text == "Streamlit's page"


def test_what_is_no_page_is_answered_as_it_was(web: TestClient) -> None:
    assert web.get("/static/a.js").text == "let a"
    assert web.get("/v2").json() == {"error": "not_found"}
