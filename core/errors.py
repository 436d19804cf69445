"""What can go wrong, as one tree: each error carries its status, code and HTTP number.

SlipwayError
├── UserNotFound · InvalidPassword · InvalidToken          401
├── NotAllowed                                             403
├── NotFound · ModelNotFound · VersionNotFound             404
├── DeploymentNotFound · TaskNotFound · AccountNotFound    404
├── CaseNotFound                                           404
├── Duplication · TaskNotFinished                          409
├── TooLarge                                               413
├── InvalidInput · InvalidModel                            422
├── TooManyAttempts                                        429
├── InternalError                                          500
└── DeploymentPaused · Overloaded · ModelUnavailable       503

The message is one sentence that says what to do; it is shown to people as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One of several things wrong with an input: where it is and what is allowed there.

    `row` counts records from 1, as a person would.
    """

    message: str
    field: str | None = None
    row: int | None = None
    value: str | None = None


class SlipwayError(Exception):
    """The root of everything that Slipway raises on purpose."""

    status: ClassVar[str] = "internal error"
    http: ClassVar[int] = 500
    wait: ClassVar[int | None] = None  # seconds after which it is worth trying again

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[Problem] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.retry_after = self.wait if retry_after is None else retry_after

    @property
    def code(self) -> str:
        """Return the stable machine-readable name, for example `model_not_found`."""
        return self.status.replace(" ", "_")


class UserNotFound(SlipwayError):
    """No account has this name."""

    status = "user not found"
    http = 401


class InvalidPassword(SlipwayError):
    """The password is not this account's."""

    status = "invalid password"
    http = 401


class InvalidToken(SlipwayError):
    """The token is unknown, revoked or expired."""

    status = "invalid token"
    http = 401


class NotAllowed(SlipwayError):
    """The caller is known and may not do this."""

    status = "not allowed"
    http = 403


class NotFound(SlipwayError):
    """There is nothing at this address."""

    status = "not found"
    http = 404


class ModelNotFound(SlipwayError):
    """No model of this name that the caller may see."""

    status = "model not found"
    http = 404


class VersionNotFound(SlipwayError):
    """The model has no version of this number."""

    status = "version not found"
    http = 404


class DeploymentNotFound(SlipwayError):
    """No deployment of this name that the caller may see."""

    status = "deployment not found"
    http = 404


class TaskNotFound(SlipwayError):
    """No task of this id that the caller may see."""

    status = "task not found"
    http = 404


class CaseNotFound(SlipwayError):
    """No saved case of this id whose model the caller may see."""

    status = "case not found"
    http = 404


class AccountNotFound(SlipwayError):
    """An admin named an account that does not exist."""

    status = "account not found"
    http = 404


class Duplication(SlipwayError):
    """The name is taken."""

    status = "duplication"
    http = 409


class TaskNotFinished(SlipwayError):
    """The task has no result yet."""

    status = "task not finished"
    http = 409


class TooLarge(SlipwayError):
    """The body or the file is over a limit."""

    status = "too large"
    http = 413


class InvalidInput(SlipwayError):
    """A field, a row or a value is not what is allowed there."""

    status = "invalid input"
    http = 422


class InvalidModel(SlipwayError):
    """The file is no model that Slipway can score."""

    status = "invalid model"
    http = 422


class TooManyAttempts(SlipwayError):
    """Too many failed sign-ins; `retry_after` says how many seconds to wait."""

    status = "too many attempts"
    http = 429


class InternalError(SlipwayError):
    """Something failed that is nobody's input; the message holds the log's reference."""

    status = "internal error"
    http = 500


class DeploymentPaused(SlipwayError):
    """The service exists and its owner has paused it."""

    status = "deployment paused"
    http = 503
    wait = 60


class Overloaded(SlipwayError):
    """The service's queue is full, or a call passed its deadline."""

    status = "overloaded"
    http = 503
    wait = 1


class ModelUnavailable(SlipwayError):
    """A version that exists cannot be loaded: its file is gone or damaged."""

    status = "model unavailable"
    http = 503
