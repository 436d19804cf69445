"""From when on a service is in trouble, and whether it is."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db.tables import Threshold
from core.errors import InvalidInput
from core.services.call_summary import CallStatus

MOST_MINUTES = 1_440


class Level(StrEnum):
    """How a service is doing; unknown where it was called too seldom to tell."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What turns a service amber or red, over its last `minutes`, if it had so many `calls`.

    Shares of errors are in percent of the calls, latencies in milliseconds; None is not watched.
    """

    error_amber: float | None = 5.0
    error_red: float | None = 20.0
    p95_amber: float | None = 1_000.0
    p95_red: float | None = 5_000.0
    minutes: int = 60
    calls: int = 20


@dataclass(frozen=True, slots=True)
class Health:
    """How a service is doing, and a sentence for each thing that is not as it should be."""

    level: Level
    reasons: tuple[str, ...] = ()


USUAL = Thresholds()
_NAMES = [field.name for field in fields(Thresholds)]


def read_thresholds(session: Session, deployment_id: str) -> Thresholds:
    """Return a service's own thresholds, or the usual ones."""
    row = session.get(Threshold, deployment_id)
    return USUAL if row is None else _view(row)


def all_thresholds(session: Session) -> dict[str, Thresholds]:
    """Return the thresholds of the services that have their own, by deployment id."""
    return {row.deployment_id: _view(row) for row in session.scalars(select(Threshold))}


def write_thresholds(session: Session, deployment_id: str, chosen: Thresholds) -> None:
    """Give a service thresholds of its own."""
    forget_thresholds(session, [deployment_id])
    session.add(Threshold(deployment_id=deployment_id, **asdict(chosen)))


def forget_thresholds(session: Session, deployment_ids: list[str]) -> None:
    """Delete the thresholds of services."""
    session.execute(delete(Threshold).where(Threshold.deployment_id.in_(deployment_ids)))


def check_thresholds(chosen: Thresholds) -> None:
    """Raise InvalidInput for the first threshold that makes no sense."""
    _check_pair("error", chosen.error_amber, chosen.error_red, most=100)
    _check_pair("p95", chosen.p95_amber, chosen.p95_red, most=math.inf)
    if not 1 <= chosen.minutes <= MOST_MINUTES:
        raise InvalidInput(f"minutes is {chosen.minutes}; it must be 1 to {MOST_MINUTES}.")
    if not 1 <= chosen.calls < 1 << 31:
        raise InvalidInput(f"calls is {chosen.calls}; it must be 1 or more.")


def health_of(status: CallStatus, chosen: Thresholds, problem: str | None = None) -> Health:
    """Return how a service is doing by its calls of the last `chosen.minutes`.

    `problem` says why its model cannot be loaded, which is red without a call.
    """
    found = [(Level.RED, problem)] if problem else []
    if status.calls >= chosen.calls:
        found += _passed(status, chosen)
    elif not found:
        return Health(Level.UNKNOWN)
    levels = {level for level, _ in found}
    level = next((each for each in (Level.RED, Level.AMBER) if each in levels), Level.GREEN)
    return Health(level, tuple(reason for _, reason in found))


def _passed(status: CallStatus, chosen: Thresholds) -> Iterator[tuple[Level, str]]:
    share = 100 * status.errors / status.calls
    level, limit = _level(share, chosen.error_amber, chosen.error_red)
    lately = f"in the last {chosen.minutes:,} min"
    if level is not Level.GREEN:
        yield (
            level,
            f"{status.errors:,} of {status.calls:,} calls failed {lately}: {share:.3g}%, "
            f"{level} from {limit:g}% on.",
        )
    p95 = status.p95 or 0.0
    level, limit = _level(p95, chosen.p95_amber, chosen.p95_red)
    if level is not Level.GREEN:
        yield (
            level,
            f"One call in twenty took longer than {_amount(p95)} ms {lately}; "
            f"{level} from {_amount(limit)} ms on.",
        )


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _level(value: float, amber: float | None, red: float | None) -> tuple[Level, float]:
    """Return the worst level that a value reaches, and where that begins."""
    if red is not None and value >= red:
        return Level.RED, red
    if amber is not None and value >= amber:
        return Level.AMBER, amber
    return Level.GREEN, 0.0


def _check_pair(name: str, amber: float | None, red: float | None, most: float) -> None:
    for colour, value in (("amber", amber), ("red", red)):
        if (value is not None and not 0 < value <= most) or value in (math.inf, -math.inf):
            allowed = "more than 0" + (f", at most {most:g}" if most < math.inf else "")
            raise InvalidInput(f"{name}_{colour} is {value:.15g}; it must be {allowed}.")
    if amber is not None and red is not None and amber > red:
        raise InvalidInput(
            f"{name}_amber is {amber:.15g} and {name}_red is {red:.15g}; "
            "red cannot come before amber."
        )


def _view(row: Threshold) -> Thresholds:
    return Thresholds(**{name: getattr(row, name) for name in _NAMES})
