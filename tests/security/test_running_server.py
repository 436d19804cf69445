"""The server as it is started: what is open without a session, and what its log says (A1, E1)."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest

from core.commands import backup as backup_command
from tests.server import Server, running_server

PASSWORD = "correct-horse-secret"
WRONG = "wrong-horse-secret"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "storage"


@pytest.fixture(scope="module")
def server(storage: Path) -> Iterator[Server]:
    with running_server(storage, storage.parent / "server.log") as server:
        yield server


def _send(server: Server, path: str, method: str = "GET", **fields: str) -> tuple[int, bytes]:
    body = urlencode(fields).encode() if fields else None
    request = urllib.request.Request(server.url + path, body, method="POST" if fields else method)
    try:
        answer: HTTPResponse
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_no_address_of_streamlit_gives_or_takes_a_file_without_a_session(server: Server) -> None:
    closed = {"/media/" + "a" * 56 + ".png": 403, "/_stcore/metrics": 404}
    assert {path: _send(server, path)[0] for path in closed} == closed
    assert _send(server, "/_stcore/upload_file/a/b", "PUT")[0] == 403
    assert _send(server, "/_stcore/upload_file/a/b", "DELETE")[0] == 403
    for path in ("/component/../Home.py", "/component/x/..%2f..%2fHome.py", "/static/../Home.py"):
        status, body = _send(server, path)
        assert status >= 400 or b"shared_platform" not in body
    status, body = _send(server, "/app/static/Home.py")
    assert b"shared_platform" not in body
    status, body = _send(server, "/_stcore/agent/interact", "POST")
    assert status >= 400


def test_secrets_are_made_at_the_first_start_and_are_for_the_process_alone(
    server: Server, storage: Path
) -> None:
    assert server.process.poll() is None
    secrets = {path.name: path.stat().st_mode & 0o777 for path in (storage / "secrets").iterdir()}
    assert secrets == {"cookie": 0o600, "tickets": 0o600, "backup": 0o600}
    assert (storage / "secrets").stat().st_mode & 0o777 == 0o700
    assert storage.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_made_of_a_running_server_and_no_secret_is_in_its_log(
    server: Server, storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passwords, tokens, keys and tickets, also of calls that fail."""
    who = {"user": "ann", "password": PASSWORD}
    assert _send(server, "/api/register", **who)[0] == 201
    status, body = _send(server, "/api/token/create", name="one", **who)
    assert status == 201
    token = body.split(b'"token":"')[1].split(b'"')[0].decode()
    for path in ("/api/login", "/api/model/info", "/api/admin/setting/set", "/api/nothing"):
        _send(server, path, **who)
        _send(server, path, user="ann", password=WRONG)
        _send(server, f"{path}?token={token}&password={PASSWORD}", token=token)
    monkeypatch.setenv("SLIPWAY_STORAGE", str(storage))
    target = tmp_path / "backup.zip"
    assert backup_command.main([str(target), "--url", server.url]) == 0
    assert target.stat().st_size > 1_000
    keys = [each.read_text() for each in (storage / "secrets").iterdir()]
    log = server.log.read_text()
    assert log
    assert [each for each in (PASSWORD, WRONG, token, "ticket=", *keys) if each in log] == []
