"""Webhooks: an address of an account that is told of the end of each of its tasks."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Delivery, Deployment, Model, Task, Webhook, utc_now
from core.errors import InvalidInput, NotFound
from core.services import events
from core.services.accounts import Caller
from core.services.background import Background
from core.services.task_news import WAITING, waiting_delivery
from core.services.webhook_posts import (
    MOMENT,
    NUMBER,
    SIGNATURE,
    UndeliveredError,
    clean_url,
    post,
    signature,
)

_WAITS = (10, 60, 300, 1800)  # seconds between the five attempts
_LOOKS_EVERY = 2.0
_LOGGED_DAYS = 30
_DELIVERED, _GIVEN_UP = "delivered", "given up"

Post = Callable[[str, bytes, dict[str, str]], int]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HookView:
    """Where an account is told; `secret` is there when it was just made, and never again."""

    url: str
    created: datetime
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One thing that was, or is to be, sent; `task_id` is None for a trial."""

    id: str
    task_id: str | None
    state: str
    attempts: int
    due: datetime
    detail: str
    created: datetime


class Webhooks(Background):
    """The webhooks of one platform, and the one thread that posts to them.

    `private` allows addresses inside the network of the server.
    """

    def __init__(
        self,
        database: Database,
        *,
        private: bool = False,
        send: Post | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("webhooks")
        self._database = database
        self._private = private
        self._send = send or self._post
        self._now = now

    def set(self, caller: Caller, url: str) -> HookView:
        """Tell the caller at this address from now on, signed with a new secret.

        Raises InvalidInput for what is no address on the open internet.
        """
        url = clean_url(url, private=self._private)
        secret = secrets.token_urlsafe(32)
        with self._database.writing() as session:
            session.execute(delete(Webhook).where(Webhook.account_id == caller.id))
            row = Webhook(account_id=caller.id, url=url, secret=secret, created=self._now())
            session.add(row)
            _record(session, caller, "set", row)
        return HookView(url, row.created, secret)

    def find(self, caller: Caller) -> HookView | None:
        """Return the caller's webhook, if one is set."""
        with self._database.reading() as session:
            row = session.get(Webhook, caller.id)
            return HookView(row.url, row.created) if row else None

    def delete(self, caller: Caller) -> None:
        """Tell the caller nothing more, nor what still waits; raises NotFound."""
        with self._database.writing() as session:
            _record(session, caller, "deleted", _required(session, caller))
            forget_webhook(session, caller.id)

    def try_out(self, caller: Caller) -> None:
        """Send a trial; what comes of it is in the list of deliveries. Raises NotFound."""
        with self._database.writing() as session:
            hook = _required(session, caller)
            waits = (Delivery.account_id == caller.id, Delivery.state == WAITING)
            if session.scalar(select(Delivery.id).where(*waits, Delivery.task_id.is_(None))):
                raise InvalidInput("A trial is on its way; wait for what comes of it.")
            session.add(waiting_delivery(caller.id, None))
            _record(session, caller, "tried", hook)

    def deliveries(self, caller: Caller, limit: int = 50) -> list[DeliveryView]:
        """Return what was sent to the caller of late, newest first."""
        query = select(Delivery).where(Delivery.account_id == caller.id)
        newest = query.order_by(Delivery.created.desc(), Delivery.id).limit(limit)
        with self._database.reading() as session:
            return [_view(row) for row in session.scalars(newest)]

    def deliver_due(self) -> int:
        """Send what is due, each once, and return how many that were."""
        due = (Delivery.state == WAITING, Delivery.due <= self._now())
        with self._database.reading() as session:
            ids = list(session.scalars(select(Delivery.id).where(*due).order_by(Delivery.due)))
        for delivery_id in ids:
            if self._closing.is_set():
                break
            self._deliver(delivery_id)
        return len(ids)

    def _run(self) -> None:
        while not self._closing.wait(_LOOKS_EVERY):
            try:
                self.deliver_due()
            except Exception:
                _logger.exception("What waits for webhooks could not be sent")

    def _deliver(self, delivery_id: str) -> None:
        """Send one thing; the database is not held while the other side takes its time."""
        with self._database.reading() as session:
            row = session.get(Delivery, delivery_id)
            hook = session.get(Webhook, row.account_id) if row else None
            if row is None or hook is None:
                return  # the webhook was deleted meanwhile
            body = msgspec.json.encode(_told(session, row.task_id))
        moment = self._now().isoformat(timespec="seconds") + "Z"
        signed = {SIGNATURE: signature(hook.secret, moment, body), MOMENT: moment}
        try:
            status = self._send(hook.url, body, {**signed, NUMBER: delivery_id})
            done, detail = 200 <= status < 300, f"Answered {status}."
        except UndeliveredError as error:
            done, detail = False, str(error)
        self._note(delivery_id, done=done, detail=detail)

    def _note(self, delivery_id: str, *, done: bool, detail: str) -> None:
        with self._database.writing() as session:
            row = session.get(Delivery, delivery_id)
            if row is None:
                return
            row.attempts += 1
            row.detail = detail
            if done or row.attempts > len(_WAITS):
                row.state = _DELIVERED if done else _GIVEN_UP
            else:
                row.due = self._now() + timedelta(seconds=_WAITS[row.attempts - 1])
            _drop_old(session, self._now() - timedelta(days=_LOGGED_DAYS))

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        return post(url, body, headers, private=self._private)


def forget_webhook(session: Session, account_id: str) -> None:
    """Remove an account's webhook with all that was or is to be sent to it."""
    session.execute(delete(Webhook).where(Webhook.account_id == account_id))
    session.execute(delete(Delivery).where(Delivery.account_id == account_id))


def _required(session: Session, caller: Caller) -> Webhook:
    hook = session.get(Webhook, caller.id)
    if hook is None:
        raise NotFound("You have no webhook; set one first.")
    return hook


def _record(session: Session, caller: Caller, action: str, hook: Webhook) -> None:
    """Add an event that names the host alone: the rest of an address may be a secret."""
    host = urlsplit(hook.url).hostname or ""
    events.record(session, caller, action, "webhook", caller.id, host)


def _drop_old(session: Session, before: datetime) -> None:
    old = (Delivery.state != WAITING, Delivery.created < before)
    session.execute(delete(Delivery).where(*old))


def _told(session: Session, task_id: str | None) -> dict[str, object]:
    """Return what is posted; a task that was deleted meanwhile is named all the same."""
    if task_id is None:
        return {"event": "trial", "message": "This is a trial from Slipway."}
    query = (
        select(Task, Model.name, Deployment.name)
        .join(Model, Model.id == Task.model_id)
        .outerjoin(Deployment, Deployment.id == Task.deployment_id)
        .where(Task.id == task_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return {"event": "task.ended", "task": task_id, "state": "deleted"}
    task, model, deployment = row
    return {
        "event": "task.ended",
        "task": task.id,
        "state": task.state,
        "rows_total": task.rows_total,
        "rows_failed": task.rows_failed,
        "message": task.message,
        "modelname": model,
        "deployment": deployment,
        "file": task.file_name,
        "created": _stamp(task.created),
        "finished": _stamp(task.finished),
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def _view(row: Delivery) -> DeliveryView:
    return DeliveryView(
        row.id, row.task_id, row.state, row.attempts, row.due, row.detail, row.created
    )
