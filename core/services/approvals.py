"""What admins are asked about types in files that are not allowed, and what they said.

An approval holds for one content (SHA-256) and the types that were asked for, nothing else. The
file is not kept meanwhile: its owner uploads it again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Approval, Version, new_id, utc_now
from core.errors import InvalidInput, InvalidModel, NotAllowed, NotFound
from core.files import Staged
from core.runtimes.asked_types import AskedType, Standing, TypesRefused
from core.services import events
from core.services.accounts import Caller, Role

_TYPES = msgspec.json.Decoder(tuple[AskedType, ...])
_NEWS = timedelta(days=14)
_ASKED = "The admins are asked: once they approve, upload the same file again."


class Decision(StrEnum):
    """How a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request to admit the types of one file, and what was decided.

    `used` tells that a version was made of the file. Times are in UTC; `decided` is None and
    `decided_by` empty while nothing is.
    """

    id: str
    sha256: str
    file_name: str
    types: tuple[AskedType, ...]
    state: Decision
    asked: datetime
    asked_by: str
    asked_by_id: str
    decided: datetime | None
    decided_by: str
    used: bool

    @property
    def is_open(self) -> bool:
        """Return whether somebody has to do something: an admin decide, or the asker upload."""
        return self.state is Decision.PENDING or (self.state is Decision.APPROVED and not self.used)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the packages that must be installed before anything can be approved."""
        missing = (each for each in self.types if each.standing is Standing.MISSING)
        return tuple(sorted({each.name.partition(".")[0] for each in missing}))


class Approvals:
    """The requests and approvals of one platform."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Callable[[str], None]] = []

    def on_revoke(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a file's SHA-256 after an approval of it was revoked."""
        self._listeners.append(listener)

    def approved(self, sha256: str) -> frozenset[str]:
        """Return the full names of the types that a file may hold, for the platform itself."""
        with self._database.reading() as session:
            return _approved(session, sha256)

    def require(self, sha256: str, types: Sequence[str]) -> None:
        """Raise InvalidModel where a file holds types whose approval was revoked."""
        refused = sorted(set(types) - self.approved(sha256)) if types else []
        if refused:
            raise InvalidModel(
                f"An admin revoked the approval of what this file holds ({', '.join(refused)}), "
                "so it is not loaded any more. Ask an admin, or upload a file without it."
            )

    @contextmanager
    def asking(self, caller: Caller, staged: Staged) -> Iterator[None]:
        """Keep the request of an upload whose types are refused in the body, if one may help.

        The refusal is raised again, with what became of the request.
        """
        try:
            yield
        except TypesRefused as refusal:
            if refusal.may_be_approved:
                raise refusal.followed_by(self._ask(caller, staged, refusal)) from refusal
            raise

    def list_(self, caller: Caller) -> list[ApprovalView]:
        """Return everybody's requests, the newest first; raises NotAllowed for all but admins."""
        _require_admin(caller)
        return list(self._database.remembered("approvals", self._views))

    def list_news(self, caller: Caller) -> list[ApprovalView]:
        """Return those of the caller's requests that are open, or were decided within two weeks.

        An approved one is open until its file was uploaded again.
        """
        lately = utc_now() - _NEWS
        own = self._views(Approval.asked_by_id == caller.id)
        return [
            view
            for view in own
            if view.is_open
            or (view.state is not Decision.APPROVED and (view.decided or lately) > lately)
        ]

    def _views(self, *conditions: ColumnElement[bool]) -> list[ApprovalView]:
        query = select(Approval).where(*conditions).order_by(Approval.asked.desc(), Approval.id)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
            files = {row.sha256 for row in rows}
            made = select(Version.source).where(Version.source.in_(files))
            used = set(session.scalars(made)) if files else set()
            return [_view(row, row.sha256 in used) for row in rows]

    def approve(self, caller: Caller, approval_id: str) -> ApprovalView:
        """Admit the types of a request for its file.

        Raises NotAllowed for all but admins, NotFound, and InvalidInput while a package is missing.
        """
        return self._decide(caller, approval_id, Decision.APPROVED)

    def decline(self, caller: Caller, approval_id: str) -> ApprovalView:
        """Turn a request down; raises as `approve` does, and InvalidInput for an approved one."""
        return self._decide(caller, approval_id, Decision.DECLINED)

    def revoke(self, caller: Caller, approval_id: str) -> ApprovalView:
        """Take an approval back: versions made of the file are not loaded any more.

        Raises NotAllowed for all but admins, NotFound, InvalidInput for what was not approved.
        """
        view = self._decide(caller, approval_id, Decision.REVOKED)
        for listener in self._listeners:
            listener(view.sha256)
        return view

    def _decide(self, caller: Caller, approval_id: str, decision: Decision) -> ApprovalView:
        _require_admin(caller)
        with self._database.writing() as session:
            row = session.get(Approval, approval_id)
            if row is None:
                raise NotFound("There is no request of this id; take one from the list.")
            _require_possible(_view(row), decision)
            for each in _same(session, row.sha256, row.types):
                each.state, each.decided, each.decided_by = decision, utc_now(), caller.name
            names = ", ".join(each.name for each in _types(row))
            detail = f"{names} · SHA-256 {row.sha256}"
            events.record(session, caller, decision, "types of", row.id, row.file_name, detail)
        return _view(row)

    def _ask(self, caller: Caller, staged: Staged, refusal: TypesRefused) -> str:
        """Keep a request that is new, and return the sentence that says how it stands."""
        types = msgspec.json.encode(refusal.asked).decode()
        with self._database.writing() as session:
            rows = _same(session, staged.sha256, types)
            for row in rows:
                row.types = types  # a package may have been installed since
            over = [row for row in rows if row.state in (Decision.DECLINED, Decision.REVOKED)]
            if over:
                return f"{over[0].decided_by} {over[0].state} that on {over[0].decided:%Y-%m-%d}."
            if not any(row.asked_by_id == caller.id for row in rows):
                row = _request(caller, staged, types)
                session.add(row)
                events.record(session, caller, "asked for", "types of", row.id, row.file_name)
        return _ASKED


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin decides on the types in files.")


def _approved(session: Session, sha256: str) -> frozenset[str]:
    holds = (Approval.sha256 == sha256, Approval.state == Decision.APPROVED)
    rows = session.scalars(select(Approval).where(*holds))
    return frozenset(each.name for row in rows for each in _types(row))


def _same(session: Session, sha256: str, types: str) -> list[Approval]:
    """Return the requests for the same types of the same file, whoever made them."""
    names = {each.name for each in _TYPES.decode(types)}
    rows = session.scalars(select(Approval).where(Approval.sha256 == sha256))
    return [row for row in rows if {each.name for each in _types(row)} == names]


def _request(caller: Caller, staged: Staged, types: str) -> Approval:
    return Approval(
        id=new_id(),
        sha256=staged.sha256,
        file_name=staged.name,
        types=types,
        state=Decision.PENDING,
        asked=utc_now(),
        asked_by_id=caller.id,
        asked_by=caller.name,
        decided_by="",
    )


def _require_possible(view: ApprovalView, decision: Decision) -> None:
    """Raise InvalidInput where a request cannot come to a decision."""
    if decision is Decision.APPROVED and view.missing:
        raise InvalidInput(
            f"{', '.join(view.missing)} is not installed here. Install it, start Slipway again, "
            f"and have {view.asked_by} upload the file once more; then it can be approved."
        )
    if (view.state is Decision.APPROVED) is not (decision is Decision.REVOKED):
        raise InvalidInput(f"That cannot be {decision}: it is {view.state}.")


def _types(row: Approval) -> tuple[AskedType, ...]:
    return _TYPES.decode(row.types)


def _view(row: Approval, used: bool = False) -> ApprovalView:
    return ApprovalView(
        id=row.id,
        sha256=row.sha256,
        file_name=row.file_name,
        types=_types(row),
        state=Decision(row.state),
        asked=row.asked,
        asked_by=row.asked_by,
        asked_by_id=row.asked_by_id,
        decided=row.decided,
        decided_by=row.decided_by,
        used=used,
    )
