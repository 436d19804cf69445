"""What a hostile caller tries over HTTP: nothing is shown, nothing is run, nothing breaks (E1)."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import urlencode

import jwt
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from core.db.tables import utc_now
from core.services.job_tickets import Wanted
from tests.security.stage import PASSWORD, Stage

TEXTS = {
    "sql ends a statement": "'; DROP TABLE accounts; --",
    "sql is always true": "' OR '1'='1",
    "sql joins another table": "x' UNION SELECT password_hash FROM accounts --",
    "sql reads a file": "x'); COPY accounts TO '/tmp/stolen.csv'; --",
    "html runs a script": "<script>alert(1)<!script>",
    "html loads a picture": "<img src=x onerror=alert(1)>",
    "html hides in an svg": "<svg onload=alert(1)>",
    "markdown links to a script": "[free](javascript:alert(1))",
    "markdown shows a picture": "![x](https:example.org)",
    "markdown gives orders": ":red[x] :material!home: $\\int$",
    "a spreadsheet runs it": "=HYPERLINK(1)",
    "a template runs it": "{{7*7}} ${7*7} #{7*7} %(name)s {0.__class__}",
    "a log line is forged": "x\r\n2026-01-01 INFO root signed in",
    "a text ends early": "ann\x00root",
    "a text turns around": "abc\u202egnp.exe",
    "a text cannot be stored": "\ud800",
    "a text is long": "x" * 50_000,
}

# Where a text goes, and what else must be sent there.
FIELDS: dict[str, tuple[str, str]] = {
    "user": ("/api/register", "user"),
    "password": ("/api/register", "password"),
    "sign-in": ("/api/login", "user"),
    "token": ("/api/token/create", "name"),
    "model": ("/api/model/info", "modelname"),
    "owner": ("/api/model/info", "owner"),
    "description": ("/api/model/update", "description"),
    "new name": ("/api/model/update", "new_modelname"),
    "deployment": ("/api/deployment/create", "deployment"),
    "input": ("/api/model/test", "input"),
    "state": ("/api/task/list", "state"),
    "person": ("/api/admin/timeline", "person"),
    "setting": ("/api/admin/setting/set", "value"),
}


@pytest.mark.parametrize(("what", "where"), list(product(TEXTS, FIELDS)))
def test_a_text_is_a_text_wherever_it_is_sent(
    what: str, where: str, stage: Stage, client: TestClient
) -> None:
    path, field = FIELDS[where]
    fields = {"modelname": _model(stage), "owner": "owner", "password": PASSWORD, "user": "nobody"}
    if path == "/api/register":
        fields["user"] = stage.name()
        stage.platform.accounts._lockout._registrations.clear("testclient")
    if path != "/api/register" and where != "sign-in":
        del fields["user"]
    headers = {} if "user" in fields else {"Authorization": f"Bearer {stage.tokens['admin']}"}
    answer = _post(client, path, {**fields, field: TEXTS[what]}, headers)
    _hold(stage, answer)


def _post(
    client: TestClient, path: str, fields: dict[str, str], headers: dict[str, str]
) -> Response:
    """Send a form; half a character goes as the three bytes that nobody should send."""
    form = urlencode(fields, encoding="utf-8", errors="surrogatepass")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.post(path, content=form, headers={**headers, **kind})


def _model(stage: Stage) -> str:
    """Return the name of one model that all the texts are tried on; it is made anew if renamed."""
    names = [model.name for model in stage.platform.models.list_(stage.owner)]
    return names[0] if names else stage.model().name


def _hold(stage: Stage, answer: Response) -> None:
    """Hold that an answer is an answer, tells no secret, and left the accounts as they were."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    if answer.status_code >= 400:
        assert body["message"]
        assert "Traceback" not in answer.text
    hashes = stage.platform.accounts.credentials()
    assert "root" in hashes
    assert not [secret for secret in hashes.values() if secret in answer.text]


def test_a_text_comes_back_as_it_was_sent(stage: Stage, client: TestClient) -> None:
    model = stage.model().name
    named = {"modelname": model, "owner": "owner"}
    headers = {"Authorization": f"Bearer {stage.tokens['owner']}"}
    for text in (text for what, text in TEXTS.items() if what.startswith(("sql", "html", "mark"))):
        changed = {**named, "description": text}
        sent = client.post("/api/model/update", data=changed, headers=headers)
        assert sent.status_code == 200
        info = client.post("/api/model/info", data=named, headers=headers).json()
        assert info["description"] == text


def _swapped(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


BEARERS: dict[str, Callable[[Stage], str]] = {
    "cut short": lambda s: s.tokens["owner"][:-1],
    "cut at the front": lambda s: s.tokens["owner"][1:],
    "one letter swapped": lambda s: _swapped(s.tokens["owner"]),
    "in capitals": lambda s: s.tokens["owner"].upper(),
    "twice": lambda s: s.tokens["owner"] * 2,
    "one half of each": lambda s: s.tokens["owner"][:20] + s.tokens["admin"][20:],
    "with a space within": lambda s: s.tokens["owner"][:9] + " " + s.tokens["owner"][9:],
    "its digest": lambda s: next(iter(s.platform.accounts._directory.contents().tokens)),
    "its id": lambda s: s.platform.accounts.list_tokens(s.owner)[0].id,
    "the prefix alone": lambda s: "slip_",
    "a wildcard": lambda s: "%",
    "a statement": lambda s: "' OR 1=1 --",
    "the account's name": lambda s: "root",
    "the account's id": lambda s: s.admin.id,
    "a sign-in's id": lambda s: s.platform.sign_ins.begin(s.admin),
    "a password": lambda s: PASSWORD,
    "unsigned": lambda s: jwt.encode({"sub": "root"}, "", algorithm="none"),
    "expired": lambda s: s.tokens["expired token"],
    "revoked": lambda s: _revoked(s),
    "of a deleted account": lambda s: _of_deleted(s),
}


def _revoked(stage: Stage) -> str:
    made = stage.platform.accounts.create_token(stage.owner, "gone")
    stage.platform.accounts.revoke_token(stage.owner, made.id)
    return made.token


def _of_deleted(stage: Stage) -> str:
    caller = stage.platform.accounts.register(stage.name(), PASSWORD, address=stage.name())
    token = stage.platform.accounts.create_token(caller, "gone").token
    stage.platform.people.delete(stage.admin, caller.name)
    return token


@pytest.mark.parametrize("how", BEARERS)
@pytest.mark.parametrize("path", ["/api/model/list", "/v2/models/x", "/invocations/x"])
def test_what_is_no_token_opens_nothing(
    how: str, path: str, stage: Stage, client: TestClient
) -> None:
    headers = {"Authorization": f"Bearer {BEARERS[how](stage)}"}
    method = client.get if path.startswith("/v2") else client.post
    answer = method(path, headers=headers)
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearer:", "bearer bearer"])
def test_a_token_under_another_scheme_opens_nothing(
    scheme: str, stage: Stage, client: TestClient
) -> None:
    headers = {"Authorization": f"{scheme} {stage.tokens['admin']}"}
    assert client.post("/api/model/list", headers=headers).status_code == 401


@pytest.mark.parametrize("field", ["token", "authorization", "caller", "role", "user_id"])
def test_who_one_is_cannot_be_said_in_another_field(
    field: str, stage: Stage, client: TestClient
) -> None:
    answer = client.post("/api/model/list", data={field: stage.tokens["admin"], "role": "admin"})
    assert answer.status_code == 401


IDS: dict[str, Callable[[str], str]] = {
    "a parent folder": lambda task: f"../jobs/{task}",
    "the folder itself": lambda task: ".",
    "the file of the database": lambda task: "../slipway.duckdb",
    "a file of the machine": lambda task: "/etc/passwd",
    "an encoded folder": lambda task: f"%2e%2e%2fjobs%2f{task}",
    "the end of a text": lambda task: f"{task}\x00",
    "capitals": lambda task: task.upper(),
    "a beginning": lambda task: task[:8],
    "a wildcard": lambda task: "%",
    "a statement": lambda task: "' OR '1'='1",
    "nothing": lambda task: "",
    "a space": lambda task: f"{task} ",
}


@pytest.mark.parametrize("how", IDS)
@pytest.mark.parametrize("route", ["status", "result", "cancel", "delete"])
def test_an_id_that_is_not_the_id_finds_no_task(
    how: str, route: str, stage: Stage, client: TestClient
) -> None:
    headers = {"Authorization": f"Bearer {stage.tokens['owner']}"}
    answer = client.post(
        f"/api/task/{route}", data={"task": IDS[how](_task(stage))}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")


def _task(stage: Stage) -> str:
    tasks = stage.platform.jobs.list_(stage.owner).tasks
    return tasks[0].id if tasks else stage.task().id


def test_a_token_of_another_is_not_revoked(stage: Stage, client: TestClient) -> None:
    [first, *_] = stage.platform.accounts.list_tokens(stage.owner)
    headers = {"Authorization": f"Bearer {stage.tokens['admin']}"}
    answer = client.post("/api/token/revoke", data={"id": first.id}, headers=headers)
    assert answer.status_code == 422
    assert first in stage.platform.accounts.list_tokens(stage.owner)


def _unsigned(ticket: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{ticket.split('.')[1]}."


def _changed(ticket: str, **claims: object) -> str:
    head, body, signature = ticket.split(".")
    said = {**json.loads(base64.urlsafe_b64decode(body + "==")), **claims}
    changed = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


def _signed_by_me(ticket: str) -> str:
    return jwt.encode(jwt.decode(ticket, options={"verify_signature": False}), "k" * 40)


TICKETS: dict[str, Callable[[str], str]] = {
    "unsigned": _unsigned,
    "of another account": lambda ticket: _changed(ticket, account="root"),
    "of a later hour": lambda ticket: _changed(ticket, made=(utc_now()).isoformat()),
    "signed by another key": _signed_by_me,
    "cut short": lambda ticket: ticket[:-2],
    "its first part": lambda ticket: ticket.split(".")[0],
    "nothing": lambda ticket: "",
}


@pytest.mark.parametrize("how", TICKETS)
def test_a_ticket_that_was_not_made_here_gives_no_file(
    how: str, stage: Stage, client: TestClient
) -> None:
    ticket = stage.platform.tickets.issue(stage.owner, Wanted(_task(stage), "csv"))
    assert client.get("/api/task/download", params={"ticket": ticket}).status_code == 200
    answer = client.get("/api/task/download", params={"ticket": TICKETS[how](ticket)})
    assert answer.status_code == 401


FILE_NAMES = ["../../evil.skops", "..\\..\\evil.skops", "/etc/cron.d/evil.skops", "a\x00b.skops"]


@pytest.mark.parametrize("name", [*FILE_NAMES, "\u202esmoks.skops", "x" * 300 + ".skops"])
def test_the_name_of_an_upload_is_no_path(name: str, stage: Stage, client: TestClient) -> None:
    storage = stage.platform.settings.storage
    around = set(storage.parent.rglob("*evil*"))
    headers = {"Authorization": f"Bearer {stage.tokens['owner']}"}
    with stage.file().open("rb") as file:
        answer = client.post(
            "/api/model/upload",
            data={"modelname": stage.name()},
            files={"file": (name, file)},
            headers=headers,
        )
    assert answer.status_code in {201, 422}, answer.text
    assert set(storage.parent.rglob("*evil*")) == around


NAMES = {
    "a slash": "root/admin",
    "a backslash": "root\\admin",
    "a null": "root\x00",
    "a line": "root\nadmin",
    "an escape": "root\x1b[31m",
    "turned around": "\u202etoor",
    "an isolate": "\u2066root\u2069",
    "nothing to see": "\u200b",
    "a soft hyphen": "ro\u00adot",
    "a mark of order": "\ufeffroot",
    "a folder": "..",
    "Cyrillic among Latin": "r\u043eot",
    "Greek among Latin": "ro\u03bft",
    "only joiners": "\u200d\u200d",
    "half a character": "root\ud800",
    "too long": "r" * 101,
}
SAME_NAMES = ["ROOT", " root ", "ｒｏｏｔ", "ro\u200cot", "r\u200doot", "𝐫𝐨𝐨𝐭", "ⓡⓞⓞⓣ"]


@pytest.mark.parametrize("what", NAMES)
def test_a_user_name_that_nobody_could_read_is_refused(
    what: str, stage: Stage, client: TestClient
) -> None:
    stage.platform.accounts._lockout._registrations.clear("testclient")
    answer = _post(client, "/api/register", {"user": NAMES[what], "password": PASSWORD}, {})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), answer.text


@pytest.mark.parametrize("name", SAME_NAMES)
def test_a_user_name_that_reads_like_another_is_taken(
    name: str, stage: Stage, client: TestClient
) -> None:
    stage.platform.accounts._lockout._registrations.clear("testclient")
    answer = client.post("/api/register", data={"user": name, "password": PASSWORD})
    assert answer.status_code == 409


CLAIMS: dict[str, dict[str, object]] = {
    "no issuer": {"iss": ""},
    "no subject": {"sub": None},
    "no time": {"iat": None},
    "a truth for a time": {"iat": True},
    "a time without end": {"iat": 1e300},
    "no number": {"iat": float("nan")},
    "old": {"iat": (utc_now() - timedelta(days=30)).timestamp()},
    "an address that is not verified": {"email_verified": False},
    "an address verified in words": {"email_verified": "true"},
    "the name of an account": {"email": "root"},
    "a subject without end": {"sub": "x" * 600},
    "a list for a subject": {"sub": ["root"]},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_an_identity_that_is_not_vouched_for_is_nobody(what: str, stage: Stage) -> None:
    good = {
        "iss": "https:idp",
        "sub": "42",
        "iat": datetime.now(UTC).timestamp(),
        "email": "new@example.org",
        "email_verified": True,
    }
    before = stage.platform.accounts.credentials()
    with pytest.raises(Exception, match="single sign-on"):
        stage.platform.identities.sign_in({**good, **CLAIMS[what]})
    assert stage.platform.accounts.credentials() == before


def test_the_attempts_are_many() -> None:
    tried = len(TEXTS) * len(FIELDS) + 3 * len(BEARERS) + 4 * len(IDS) + len(TICKETS)
    assert tried + len(NAMES) + len(SAME_NAMES) + len(CLAIMS) + len(FILE_NAMES) > 300
