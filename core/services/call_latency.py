"""Percentiles of latency from histograms that can be added up.

A bucket holds the latencies up to a power of 1.04, so what stands for it is never off by more than
2 %, however many histograms were added. Percentiles are those of NumPy (linear between two calls),
within the same 2 %.

Source of the idea: Masson, Rim, Lee: DDSketch, a fast and fully-mergeable quantile sketch with
relative-error guarantees (VLDB 2019).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, SmallInteger, cast, func

GROWTH = 1.04
ERROR = (GROWTH - 1) / (GROWTH + 1)
_LEAST_MS = 0.001
_SHARES = np.array([0.5, 0.95, 0.99])


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latencies in milliseconds that half, 95 % and 99 % of the calls stayed within."""

    p50: float
    p95: float
    p99: float


def bucket_of(latency_ms: ColumnElement[float]) -> ColumnElement[int]:
    """Return the bucket of a latency, in SQL; whatever is below a microsecond shares the first."""
    power = func.ln(func.greatest(latency_ms, _LEAST_MS)) / math.log(GROWTH)
    return cast(func.ceil(power), SmallInteger)


def percentiles(buckets: Mapping[int, int], low: float, high: float) -> Percentiles:
    """Return the percentiles of a histogram: numbers of calls, at least one, by bucket.

    `low` and `high` are the shortest and the longest latency, which nothing lies beyond.
    """
    powers = np.array(sorted(buckets))
    ends = np.cumsum([buckets[power] for power in powers.tolist()])
    values = np.clip(2 * GROWTH ** powers.astype(float) / (GROWTH + 1), low, high)
    places = _SHARES * (ends[-1] - 1)
    below = values[np.searchsorted(ends, np.floor(places), side="right")]
    above = values[np.searchsorted(ends, np.ceil(places), side="right")]
    return Percentiles(*(below + (above - below) * (places % 1)).tolist())
