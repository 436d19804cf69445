"""Owners are told of the end of tasks: once on the pages, and by a webhook that is no hole."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.db.engine import Database
from core.errors import InvalidInput, NotFound
from core.services.accounts import Caller
from core.services.job_news import TaskNews
from core.services.job_runner import JobRunner
from core.services.jobs import Jobs
from core.services.webhook_posts import UndeliveredError, clean_url, post
from core.services.webhooks import Webhooks
from tests.core.services.conftest import Clock
from tests.core.services.greeting import PEOPLE

URL = "https://example.org/told"


class Mailbox:
    """What was posted, and what the other side answers."""

    def __init__(self) -> None:
        self.status = 200
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.posts.append((url, body, headers))
        if self.status == 0:
            raise UndeliveredError("No answer: timed out.")
        return self.status


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def hooks(database: Database, mailbox: Mailbox, clock: Clock) -> Webhooks:
    return Webhooks(database, send=mailbox, now=clock)


@pytest.fixture
def news(database: Database) -> TaskNews:
    return TaskNews(database)


def test_an_owner_is_told_once_and_reminded_until_one_looks(
    news: TaskNews, runner: JobRunner, ann: Caller, bob: Caller, submit: Callable[..., str]
) -> None:
    task, other = submit(PEOPLE), submit(PEOPLE)
    assert news.tell(ann).unseen == 0
    runner.run_until_idle()
    told = news.tell(ann)
    assert [each.task_id for each in told.fresh] == [task, other]
    assert (told.fresh[0].file_name, told.fresh[0].message) == ("rows.csv", "Scored 10 rows.")
    assert (news.tell(ann).fresh, news.tell(ann).unseen) == ([], 2)
    assert news.tell(bob).unseen == 0
    news.see(bob, task)
    news.see(ann, task)
    assert news.tell(ann).unseen == 1
    news.see(ann)
    assert news.tell(ann).unseen == 0


def test_what_one_cancels_oneself_is_no_news_and_what_others_cancel_is(
    news: TaskNews, jobs: Jobs, admin: Caller, ann: Caller, submit: Callable[..., str]
) -> None:
    jobs.cancel(ann, submit(PEOPLE))
    assert news.tell(ann).unseen == 0
    jobs.cancel(admin, submit(PEOPLE))
    assert news.tell(ann).fresh[0].message == "Cancelled by root."


def test_the_end_of_a_task_is_posted_and_signed(
    hooks: Webhooks,
    mailbox: Mailbox,
    runner: JobRunner,
    ann: Caller,
    submit: Callable[..., str],
    clock: Clock,
) -> None:
    made = hooks.set(ann, URL)
    task = submit("age,sex\n1,f\nx,m\n")
    runner.run_until_idle()
    clock.forward(minutes=5)
    assert hooks.deliver_due() == 1
    ((url, body, headers),) = mailbox.posts
    told = json.loads(body)
    assert (url, told["event"], told["task"]) == (URL, "task.ended", task)
    assert (told["state"], told["rows_total"], told["rows_failed"]) == ("succeeded", 2, 1)
    assert told["modelname"] == "churn"
    signed = headers["X-Slipway-Timestamp"].encode() + b"." + body
    expected = hmac.new((made.secret or "").encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Slipway-Signature"] == f"sha256={expected}"
    (sent,) = hooks.deliveries(ann)
    assert (sent.state, sent.attempts, sent.detail) == ("delivered", 1, "Answered 200.")
    assert headers["X-Slipway-Delivery"] == sent.id
    assert hooks.deliver_due() == 0
    found = hooks.find(ann)
    assert found is not None
    assert (found.url, found.secret) == (URL, None)


@pytest.mark.parametrize(("status", "detail"), [(500, "Answered 500."), (0, "No answer: timed")])
def test_what_does_not_arrive_is_tried_five_times_further_and_further_apart(
    hooks: Webhooks, mailbox: Mailbox, ann: Caller, clock: Clock, status: int, detail: str
) -> None:
    hooks.set(ann, URL)
    hooks.try_out(ann)
    mailbox.status = status
    clock.forward(minutes=5)
    for wait in (10, 60, 300, 1800):
        assert hooks.deliver_due() == 1
        clock.forward(seconds=wait - 1)
        assert hooks.deliver_due() == 0
        clock.forward(seconds=1)
    assert hooks.deliver_due() == 1
    (sent,) = hooks.deliveries(ann)
    assert (sent.state, sent.attempts) == ("given up", 5)
    assert sent.detail.startswith(detail)
    assert json.loads(mailbox.posts[0][1])["event"] == "trial"


def test_a_webhook_can_be_removed_and_nobody_elses_is_touched(
    hooks: Webhooks, mailbox: Mailbox, ann: Caller, bob: Caller, clock: Clock
) -> None:
    hooks.set(ann, URL)
    hooks.set(bob, URL)
    hooks.try_out(ann)
    with pytest.raises(InvalidInput, match="on its way"):
        hooks.try_out(ann)
    hooks.delete(ann)
    clock.forward(minutes=5)
    assert hooks.deliver_due() == 0
    assert (hooks.find(ann), hooks.deliveries(ann)) == (None, [])
    assert hooks.find(bob) is not None
    with pytest.raises(NotFound, match="no webhook"):
        hooks.delete(ann)
    with pytest.raises(NotFound):
        hooks.try_out(ann)
    assert mailbox.posts == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://example.org", "no address that starts with https"),
        ("example.org", "no address"),
        ("https://", "no address"),
        ("https://example.org:99999", "no address"),
        ("https://ann:secret@example.org", "Leave name and password out"),
        ("https://example.org/" + "x" * 2000, "longer than 2,000"),
        ("http://localhost/", "inside a network"),
        ("http://127.0.0.1:8080/", "inside a network"),
        ("http://10.0.0.7/", "inside a network"),
        ("http://169.254.169.254/latest", "inside a network"),
        ("http://[::1]/", "inside a network"),
        ("http://[::ffff:127.0.0.1]/", "inside a network"),
        ("http://0.0.0.0/", "inside a network"),
    ],
)
def test_an_address_that_may_not_be_posted_to_is_refused(
    hooks: Webhooks, ann: Caller, url: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        hooks.set(ann, url)
    assert hooks.find(ann) is None


def test_an_operator_may_allow_addresses_inside() -> None:
    assert clean_url(" http://127.0.0.1:9/x ", private=True) == "http://127.0.0.1:9/x"


class _Answering(BaseHTTPRequestHandler):
    """Keeps what is posted, and sends whoever asks for /moved elsewhere."""

    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(302 if self.path == "/moved" else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    _Answering.received = []
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_post_arrives_and_redirects_are_not_followed(server: HTTPServer) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    assert post(f"{base}/told?a=1", b"{}", {}, private=True) == 204
    assert post(f"{base}/moved", b"[]", {}, private=True) == 302
    assert _Answering.received == [b"{}", b"[]"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_name_that_leads_inside_is_not_connected_to(server: HTTPServer, host: str) -> None:
    """It is judged again when it is posted to: a name may mean another address by then."""
    with pytest.raises(UndeliveredError, match="inside a network"):
        post(f"http://{host}:{server.server_port}/", b"{}", {}, private=False)
    assert _Answering.received == []


def test_nobody_there_is_said_in_a_sentence(server: HTTPServer) -> None:
    port = server.server_port
    server.server_close()
    with pytest.raises(UndeliveredError, match="No answer: "):
        post(f"http://127.0.0.1:{port}/", b"{}", {}, private=True)
