"""What is known of one call of a service."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a service: when it came (UTC), what it carried, how it ended.

    `code` is the error's, empty where the call was answered; `latency_ms` is in milliseconds.
    """

    deployment_id: str
    version: int
    at: datetime
    rows: int
    failed_rows: int
    code: str
    latency_ms: float
    caller_id: str
