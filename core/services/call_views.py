"""Single calls and parts of calls as people read them: with the names of those who called."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Account
from core.services.call_records import CallRecord

OTHERS = "others"
_GONE = "deleted account"
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class CallView:
    """One call, and the name of its caller; None where it is not for the reader to know."""

    record: CallRecord
    caller: str | None


def names_of(session: Session, account_ids: Collection[str]) -> dict[str, str]:
    """Return the names of accounts by their ids, also for those that are gone."""
    query = select(Account.id, Account.name).where(Account.id.in_(account_ids))
    known: dict[str, str] = dict(session.execute(query).all())
    return {account: known.get(account, _GONE) for account in account_ids}


def with_names(session: Session, parts: pa.Table) -> pa.Table:
    """Return calls by caller (see `Calls.parts`) with names in the place of ids."""
    ids = parts["part"].to_pylist()
    names = names_of(session, set(ids))
    return _replaced(parts, [names[account] for account in ids])


def few_parts(parts: pa.Table) -> pa.Table:
    """Return calls by part with only the eight largest parts named, the others together."""
    totals: Counter[str] = Counter()
    for part, calls in zip(*(parts[name].to_pylist() for name in ("part", "calls")), strict=True):
        totals[part] += calls
    named = {part for part, _ in totals.most_common(_MOST_PARTS)}
    kept = [part if part in named else OTHERS for part in parts["part"].to_pylist()]
    return _replaced(parts, kept)


def _replaced(parts: pa.Table, names: list[str]) -> pa.Table:
    renamed = parts.set_column(1, "part", pa.array(names, pa.string()))
    summed = renamed.group_by(["at", "part"], use_threads=False).aggregate([("calls", "sum")])
    return summed.rename_columns(["at", "part", "calls"])
