"""Headers around every answer, and Streamlit's own addresses for files (A1, E1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import jwt
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.api.app import routes
from core.api.hardening import HEADERS, Hardened
from core.platform import Platform
from core.services.sign_in_cookie import COOKIE, SECRET, cookie_key
from tests.core.api.conftest import Api

OPENED = "what Streamlit would give anybody"


@pytest.fixture
def hardened(platform: Platform, ann: Api) -> Starlette:
    """The API, and what stands for Streamlit behind it, with the account ann."""
    assert ann.credentials["user"] == "ann"

    async def page(_: Request) -> PlainTextResponse:
        answer = PlainTextResponse(OPENED)
        answer.set_cookie("one", "1")
        return answer

    return Starlette(
        routes=[
            *routes(lambda: platform),
            Route("/{path:path}", page, methods=["GET", "PUT", "DELETE", "OPTIONS"]),
        ],
        middleware=[Middleware(Hardened, platform=lambda: platform, scripts=["'sha256-x'"])],
    )


@pytest.fixture
def web(hardened: Starlette) -> Iterator[TestClient]:
    with TestClient(hardened) as client:
        yield client


def _cookie(platform: Platform, sign_in: str, key: str | None = None, days: int = 1) -> str:
    ends = (datetime.now() + timedelta(days=days)).timestamp()  # noqa: DTZ005 - as the library does
    key = key or cookie_key(platform.files.secret(SECRET), platform.settings.cookie_days)
    return jwt.encode({"username": sign_in, "exp_date": ends}, key, "HS256")


def _signed_in(platform: Platform) -> str:
    return platform.sign_ins.begin(platform.accounts.sign_in("ann", "correct horse"))


@pytest.mark.parametrize("path", ["/", "/models", "/api/docs", "/api/nothing", "/v2", "/metrics"])
def test_every_answer_has_the_headers(path: str, web: TestClient) -> None:
    headers = web.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    policy = headers["Content-Security-Policy"]
    is_page = path in {"/", "/models"}
    assert ("script-src 'self' 'sha256-x';" in policy) is is_page
    assert "frame-ancestors" in policy
    assert "unsafe-eval" not in policy
    assert "Strict-Transport-Security" not in headers


def test_behind_tls_browsers_are_told_to_stay_and_cookies_are_for_tls_alone(
    hardened: Starlette,
) -> None:
    with TestClient(hardened, base_url="https://slipway") as client:
        headers = client.get("/").headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["Set-Cookie"].endswith("; Secure")
    with TestClient(hardened) as client:
        assert "Secure" not in client.get("/").headers["Set-Cookie"]


FILES = [("GET", "/media/abc.png"), ("PUT", "/_stcore/upload_file/s/f")]
FILES += [("DELETE", "/_stcore/upload_file/s/f")]


@pytest.mark.parametrize(("method", "path"), FILES)
def test_streamlits_files_are_for_those_who_are_signed_in(
    method: str, path: str, web: TestClient, platform: Platform
) -> None:
    sign_in = _signed_in(platform)
    cookies = {
        "none": "",
        "empty": f"{COOKIE}=",
        "no token": f"{COOKIE}=abc",
        "forged": f"{COOKIE}={_cookie(platform, sign_in, 'x' * 43)}",
        "expired": f"{COOKIE}={_cookie(platform, sign_in, days=-1)}",
        "of nobody": f"{COOKIE}={_cookie(platform, 'no sign-in')}",
        "unsigned": f"{COOKIE}={jwt.encode({'username': sign_in}, '', 'none')}",
        "broken": ";;=;",
    }
    for cookie in cookies.values():
        assert web.request(method, path, headers={"Cookie": cookie}).status_code == 403
    good = {"Cookie": f"{COOKIE}={_cookie(platform, sign_in)}"}
    assert web.request(method, path, headers=good).text == OPENED
    platform.sign_ins.end(platform.accounts.sign_in("ann", "correct horse"), sign_in)
    assert web.request(method, path, headers=good).status_code == 403, "replayed after sign-out"


def test_how_many_sessions_there_are_is_nobodys_business(web: TestClient) -> None:
    assert web.get("/_stcore/metrics").status_code == 404
    assert web.get("/_stcore/health").text == OPENED


def test_the_api_takes_no_cookie_so_another_sites_form_does_nothing(
    web: TestClient, platform: Platform
) -> None:
    """A form of a stranger's page is sent with the cookie; only tokens and passwords count."""
    headers = {"Cookie": f"{COOKIE}={_cookie(platform, _signed_in(platform))}"}
    for path in ("/api/model/list", "/api/admin/backup", "/api/token/create", "/invocations/x"):
        answer = web.post(path, data={"name": "x"}, headers=headers)
        assert answer.status_code == 401, answer.text
    for path in ("/metrics", "/v2/models/x", "/api/admin/backup/download"):
        assert web.get(path, headers=headers).status_code == 401
