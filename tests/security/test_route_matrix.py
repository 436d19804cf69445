"""Every route for everybody is what the table of docs/security.md says (A1, E1).

A route without a row, or a row without a route, fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.api.app import routes
from core.preparation.step import RawField, Step
from core.services.job_tickets import Wanted
from tests.security.stage import HOOK, PASSWORD, RECORD, Stage, read_table

DOCS = Path(__file__).resolve().parents[2] / "docs" / "security.md"
TABLE = read_table(DOCS.read_text(encoding="utf-8"), "Routes")

# They say that there is nothing at an address, whoever asks.
_NOWHERE = {"/api", "/api/{path:path}", "/v2/{path:path}", "/invocations/{path:path}"}


@dataclass(frozen=True)
class Sent:
    """One call as a caller sends it, but for who they are."""

    fields: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    json: object = None
    upload: bool = False
    archive: bytes = b""


Case = Callable[[Stage, str], Sent]


def _on_model(**more: str) -> Case:
    return lambda s, seen: Sent({"modelname": s.model(seen).name, "owner": "owner", **more})


def _on_service(versions: int = 1, **more: str) -> Case:
    def case(stage: Stage, seen: str) -> Sent:
        named = {"modelname": stage.service(seen, versions).model_name, "deployment": "live"}
        return Sent({**named, "owner": "owner", **more})

    return case


def _rolling_back(stage: Stage, seen: str) -> Sent:
    service = stage.service(seen, versions=2)
    stage.platform.releases.switch(stage.owner, service.id, 2)
    return Sent({"modelname": service.model_name, "owner": "owner", "deployment": "live"})


def _on_task(*, done: bool = True, **more: str) -> Case:
    return lambda s, seen: Sent({"task": s.task(seen, done=done).id, **more})


def _on_account(*, pending: bool = False, active: bool = True, **more: str) -> Case:
    return lambda s, _: Sent({"account": s.account(pending=pending, active=active), **more})


def _archive(stage: Stage, seen: str) -> bytes:
    model = stage.model(seen).id
    return b"".join(stage.platform.model_archives.export(stage.owner, model))


def _prepared(stage: Stage, seen: str) -> Sent:
    model = stage.model(seen)
    step = Step("FROM input", tuple(map(RawField, RECORD)))
    stage.platform.revisions.set_step(stage.owner, model.id, step)
    return Sent({"modelname": model.name, "owner": "owner"})


def _on_approval(state: str) -> Case:
    return lambda s, _: Sent({"id": s.approval(state)})


def _hooked(stage: Stage, _: str) -> Sent:
    for caller in stage.callers.values():
        stage.platform.webhooks.set(caller, HOOK)
    return Sent()


def _plain(**fields: str) -> Case:
    return lambda _s, _v: Sent(fields)


def _at_endpoint(json: object = None, **more: str) -> Case:
    return lambda s, seen: Sent(path={"endpoint": s.service(seen).endpoint, **more}, json=json)


_TENSORS = [
    {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
    for name, value in RECORD.items()
]
_INPUT = str(RECORD).replace("'", '"')

CASES: dict[str, Case] = {
    "/api/login": _plain(),
    "/api/register": lambda s, _: Sent({"user": s.name(), "password": PASSWORD}),
    "/api/account/password": lambda s, _: Sent(
        {"user": s.account(), "password": "not the one", "new_password": PASSWORD}
    ),
    "/api/token/create": _plain(name="a token"),
    "/api/token/revoke": _plain(id="own"),
    "/api/webhook/set": _plain(url=HOOK),
    "/api/webhook/info": _plain(),
    "/api/webhook/try": _hooked,
    "/api/webhook/delete": _hooked,
    "/api/model/upload": lambda s, _: Sent({"modelname": s.name()}, upload=True),
    "/api/model/version": lambda s, seen: Sent(_on_model()(s, seen).fields, upload=True),
    "/api/model/update": _on_model(description="new"),
    "/api/model/info": _on_model(),
    "/api/model/list": _plain(),
    "/api/model/export": _on_model(),
    "/api/model/import": lambda s, seen: Sent({"modelname": s.name()}, archive=_archive(s, seen)),
    "/api/model/preprocessing/get": _on_model(),
    "/api/model/preprocessing/set": _on_model(query="FROM input"),
    "/api/model/preprocessing/delete": _prepared,
    "/api/model/preprocessing/try": _on_model(query="FROM input"),
    "/api/model/case/save": lambda s, seen: _on_model(input=_INPUT, name=s.name())(s, seen),
    "/api/model/case/list": _on_model(),
    "/api/model/case/get": lambda s, seen: Sent({"case": s.case(seen), "compare": "0"}),
    "/api/model/case/delete": lambda s, seen: Sent({"case": s.case(seen)}),
    "/api/model/delete": _on_model(),
    "/api/model/test": _on_model(input=_INPUT),
    "/api/deployment/create": _on_model(deployment="more"),
    "/api/deployment/list": _on_model(),
    "/api/deployment/start": _on_service(),
    "/api/deployment/pause": _on_service(),
    "/api/deployment/delete": _on_service(),
    "/api/deployment/reload": _on_service(),
    "/api/deployment/switch": _on_service(versions=2, version="2"),
    "/api/deployment/rollback": _rolling_back,
    "/api/deployment/history": _on_service(),
    "/api/deployment/status": _on_service(),
    "/api/deployment/thresholds": _on_service(minutes="30"),
    "/api/deployment/logging": _on_service(active="true"),
    "/api/deployment/log": _on_service(),
    "/api/deployment/predict": _on_service(input=_INPUT),
    "/api/deployment/preview": _on_service(input=_INPUT),
    "/api/deployment/submit": _on_service(input=_INPUT),
    "/api/task/status": _on_task(),
    "/api/task/result": _on_task(),
    "/api/task/summary": _on_task(),
    "/api/task/list": _plain(),
    "/api/task/cancel": _on_task(done=False),
    "/api/task/retry": _on_task(),
    "/api/task/keep": _on_task(keep="yes"),
    "/api/task/delete": _on_task(),
    "/api/admin/approval/list": _plain(),
    "/api/admin/approval/approve": _on_approval("pending"),
    "/api/admin/approval/decline": _on_approval("pending"),
    "/api/admin/approval/revoke": _on_approval("approved"),
    "/api/admin/user/list": _plain(),
    "/api/admin/user/create": lambda s, _: Sent({"account": s.name(), "role": "viewer"}),
    "/api/admin/user/disable": _on_account(),
    "/api/admin/user/enable": _on_account(active=False),
    "/api/admin/user/approve": _on_account(pending=True),
    "/api/admin/user/decline": _on_account(pending=True),
    "/api/admin/user/role": _on_account(role="viewer"),
    "/api/admin/user/reset": _on_account(),
    "/api/admin/user/email": _on_account(email=""),
    "/api/admin/user/delete": _on_account(),
    "/api/admin/setting/list": _plain(),
    "/api/admin/setting/set": _plain(name="registration", value="open"),
    "/api/admin/storage": _plain(),
    "/api/admin/storage/free": _plain(what="artifacts"),
    "/api/admin/health": _plain(),
    "/api/admin/sql": _plain(sql="SELECT 1"),
    "/api/admin/timeline": _plain(),
    "/v2": _plain(),
    "/v2/health/live": _plain(),
    "/v2/health/ready": _plain(),
    "/v2/models/{endpoint}": _at_endpoint(),
    "/v2/models/{endpoint}/ready": _at_endpoint(),
    "/v2/models/{endpoint}/infer": _at_endpoint({"inputs": _TENSORS}),
    "/v2/models/{endpoint}/versions/{version}": _at_endpoint(version="1"),
    "/v2/models/{endpoint}/versions/{version}/ready": _at_endpoint(version="1"),
    "/v2/models/{endpoint}/versions/{version}/infer": _at_endpoint(
        {"inputs": _TENSORS}, version="1"
    ),
    "/invocations/{endpoint}": _at_endpoint({"dataframe_records": [RECORD]}),
    "/metrics": _plain(),
    "/api/openapi.json": _plain(),
    "/api/docs": _plain(),
    "/api/task/download": _plain(),
    "/api/admin/backup": _plain(),
    "/api/admin/backup/download": _plain(),
}


def _routes(stage: Stage) -> dict[str, Route]:
    found = (route for route in routes(lambda: stage.platform) if isinstance(route, Route))
    return {route.path: route for route in found if route.path not in _NOWHERE}


def test_every_route_has_a_row_and_every_row_a_route(stage: Stage) -> None:
    assert sorted(_routes(stage)) == sorted(TABLE.rows), "docs/security.md, Routes"
    assert sorted(_routes(stage)) == sorted(CASES), "tests/security: say how it is called"


def _call(stage: Stage, client: TestClient, path: str, who: str, sent: Sent) -> Response:
    token = stage.tokens.get(who)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    fields = dict(sent.fields)
    if fields.get("id") == "own" and who in stage.callers:
        fields["id"] = stage.platform.accounts.create_token(stage.callers[who], "own").id
    url = path.format(**sent.path)
    if "GET" in (_routes(stage)[path].methods or ()):
        return client.get(url, headers=headers)
    if sent.json is not None:
        return client.post(url, json=sent.json, headers=headers)
    if sent.archive:
        archive = {"file": ("model.zip", sent.archive)}
        return client.post(url, data=fields, files=archive, headers=headers)
    if not sent.upload:
        return client.post(url, data=fields, headers=headers)
    with stage.file().open("rb") as file:
        upload = {"file": ("iris.skops", file)}
        return client.post(url, data=fields, files=upload, headers=headers)


def _outcome(answer: Response) -> str:
    if answer.status_code < 300:
        return "yes"
    assert answer.status_code in {401, 403, 404}, (answer.status_code, answer.text[:500])
    return str(answer.status_code)


@pytest.mark.parametrize("path", sorted(CASES))
def test_a_route_is_for_whom_the_table_says(path: str, stage: Stage, client: TestClient) -> None:
    shared: Sent | None = None
    expected = dict(zip(TABLE.columns, TABLE.rows[path], strict=True))
    found = {}
    for who in TABLE.columns:
        # Who is refused changes nothing, so the next may try at the same thing.
        sent = shared or CASES[path](stage, "team")
        found[who] = _outcome(_call(stage, client, path, who, sent))
        shared = None if found[who] == "yes" else sent
    assert found == expected


_NAMING = sorted(path for path in CASES if any(word in path for word in ("model/", "deployment/")))
_PRIVATE = [
    path
    for path in _NAMING
    if path not in {"/api/model/upload", "/api/model/import", "/api/model/list"}
]
_PRIVATE += [path for path in CASES if "{endpoint}" in path]


@pytest.mark.parametrize("path", _PRIVATE)
def test_what_is_private_is_not_there_for_others(
    path: str, stage: Stage, client: TestClient
) -> None:
    sent = CASES[path](stage, "private")
    for who in ("viewer", "another analyst"):
        assert _outcome(_call(stage, client, path, who, sent)) == "404"


def test_a_ticket_opens_its_file_for_whoever_holds_it_while_its_maker_may(
    stage: Stage, client: TestClient
) -> None:
    ticket = stage.platform.tickets.issue(stage.owner, Wanted(stage.task().id, "csv"))
    answer = client.get("/api/task/download", params={"ticket": ticket})
    assert answer.status_code == 200
    assert "setosa" in answer.text
