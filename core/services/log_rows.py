"""What is kept of the inputs and outputs of calls, and how it lies in the tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import pyarrow as pa
from sqlalchemy import MetaData, delete, insert, select, true
from sqlalchemy.orm import Session

from core.db.call_tables import call_logging, call_logs
from core.db.engine import arrow_view
from core.db.tables import Deployment
from core.errors import InvalidInput

MOST_DAYS = 365
_MOST_ROWS = 100  # of one call
_MOST_BYTES = 256 << 10  # of one call, in memory
_LONGEST_VALUE = 1_000
_LONGEST_MESSAGE = 300
_ERROR = "error"
_NOT_KEPT = "(not kept)"


@dataclass(frozen=True, slots=True)
class Logging:
    """Whether a service's inputs and outputs are kept, and which.

    They are kept for `days`, of `percent` of the calls; the columns that are `hidden` never are.
    Where columns are hidden no sentence of an error is kept either, for it may name a value.
    """

    active: bool = False
    days: int = 7
    percent: float = 100.0
    hidden: tuple[str, ...] = ()


@dataclass(slots=True)
class Carried:
    """What one call carried: batches of inputs and their outputs, and how it failed, if it did."""

    deployment_id: str
    version: int
    at: datetime
    caller_id: str
    parts: list[tuple[pa.RecordBatch, pa.RecordBatch]] = field(default_factory=list)
    code: str = ""
    message: str = ""
    size: int = 0

    def add(self, given: pa.RecordBatch, scored: pa.RecordBatch) -> None:
        """Keep a part of the call, unless that is too much to hold in memory."""
        self.size += given.nbytes + scored.nbytes
        if self.size <= _MOST_BYTES:
            self.parts.append((given, scored))


_ARROW = pa.schema(
    [
        ("deployment_id", pa.string()),
        ("version", pa.int32()),
        ("at", pa.timestamp("us")),
        ("caller_id", pa.string()),
        ("row_number", pa.int32()),
        ("input", pa.string()),
        ("output", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
    ]
)
_WAITING = call_logs.to_metadata(MetaData(), name="waiting_logs")


def check_logging(chosen: Logging) -> None:
    """Raise InvalidInput for the first setting that makes no sense."""
    if not 1 <= chosen.days <= MOST_DAYS:
        raise InvalidInput(f"days is {chosen.days}; it must be 1 to {MOST_DAYS}.")
    if not 0 < chosen.percent <= 100:
        raise InvalidInput(f"percent is {chosen.percent:g}; it must be more than 0, at most 100.")


def read_loggings(session: Session, deployment_id: str | None = None) -> dict[str, Logging]:
    """Return what was chosen for each service, or for one, by deployment id."""
    own = true() if deployment_id is None else call_logging.c.deployment_id == deployment_id
    return {
        row.deployment_id: Logging(
            row.active, row.days, row.percent, tuple(msgspec.json.decode(row.hidden))
        )
        for row in session.execute(select(call_logging).where(own))
    }


def write_logging(session: Session, deployment_id: str, chosen: Logging) -> None:
    """Put what was chosen for a service in the place of what was chosen before."""
    session.execute(delete(call_logging).where(call_logging.c.deployment_id == deployment_id))
    session.execute(
        insert(call_logging).values(
            deployment_id=deployment_id,
            active=chosen.active,
            days=chosen.days,
            percent=chosen.percent,
            hidden=msgspec.json.encode(chosen.hidden).decode(),
        )
    )


def append_logs(session: Session, calls: Sequence[Carried]) -> None:
    """Keep what calls carried, of the services for which it is still wanted."""
    loggings = read_loggings(session)
    rows = [
        row
        for call in calls
        if (chosen := loggings.get(call.deployment_id)) and chosen.active
        for row in _rows(call, chosen)
    ]
    if not rows:
        return
    kept = _WAITING.c.deployment_id.in_(select(Deployment.id))
    names = [column.name for column in call_logs.c]
    with arrow_view(session, _WAITING.name, pa.Table.from_pylist(rows, schema=_ARROW)):
        columns = [_WAITING.c[name] for name in names]
        session.execute(insert(call_logs).from_select(names, select(*columns).where(kept)))


def forget_logs(session: Session, deployment_ids: list[str]) -> None:
    """Delete what is kept of services, and what was chosen for them."""
    for table in (call_logs, call_logging):
        session.execute(delete(table).where(table.c.deployment_id.in_(deployment_ids)))


def _rows(call: Carried, chosen: Logging) -> Iterator[dict[str, object]]:
    told = {
        "deployment_id": call.deployment_id,
        "version": call.version,
        "at": call.at,
        "caller_id": call.caller_id,
        "code": call.code,
        "message": "" if chosen.hidden else call.message[:_LONGEST_MESSAGE],
    }
    if call.code or call.size > _MOST_BYTES:
        large = "The call was too large to be kept."
        yield {**told, "row_number": 1, "message": told["message"] if call.code else large}
        return
    pairs = (
        pair
        for given, scored in call.parts
        for pair in zip(_records(given), _records(scored), strict=False)
    )
    for number, (given, scored) in zip(range(1, _MOST_ROWS + 1), pairs, strict=False):
        if chosen.hidden and scored.get(_ERROR) is not None:
            scored[_ERROR] = _NOT_KEPT
        yield {
            **told,
            "row_number": number,
            "input": _text(given, chosen.hidden),
            "output": _text({k: v for k, v in scored.items() if v is not None}, chosen.hidden),
        }


def _records(batch: pa.RecordBatch) -> list[dict[str, object]]:
    records: list[dict[str, object]] = batch.slice(0, _MOST_ROWS).to_pylist()
    return records


def _text(record: dict[str, object], hidden: Sequence[str]) -> str:
    """Return a record as JSON, without what is hidden or too long to read."""
    kept = {name: _short(value) for name, value in record.items() if name not in hidden}
    return msgspec.json.encode(kept).decode()


def _short(value: object) -> object:
    if isinstance(value, int | float | bool) or value is None:
        return value
    return value if len(msgspec.json.encode(value)) <= _LONGEST_VALUE else "(too long to be kept)"
