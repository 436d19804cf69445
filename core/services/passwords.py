"""How passwords are kept, compared and remembered, and how guessing them is slowed down."""

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt

from core.errors import InvalidInput, TooManyAttempts

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD_BYTES = 72

_REMEMBERED_SECONDS = 300
_FREE_FAILURES = 10
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 900.0
_FORGOTTEN_AFTER = 3600.0
_NAMES_WATCHED = 10_000


class Passwords:
    """Hashes passwords with bcrypt at 2**rounds iterations."""

    def __init__(self, rounds: int = 12) -> None:
        self._rounds = rounds
        # The hash of no password: comparing with it costs the same, and never succeeds.
        self._nobodys_hash = bcrypt.gensalt(rounds).decode("ascii") + "." * 31

    def hashed(self, password: str) -> str:
        """Return the hash of a new password.

        Raises InvalidInput for one under 8 characters, or over the 72 bytes of UTF-8 that bcrypt
        reads.
        """
        if len(password) < SHORTEST_PASSWORD:
            raise InvalidInput(
                f"The password is too short; use at least {SHORTEST_PASSWORD} characters."
            )
        size = len(_encoded(password))
        if size > LONGEST_PASSWORD_BYTES:
            raise InvalidInput(
                f"The password takes {size} bytes; use at most {LONGEST_PASSWORD_BYTES} "
                "(a letter outside English takes two to four)."
            )
        return bcrypt.hashpw(_encoded(password), bcrypt.gensalt(self._rounds)).decode("ascii")

    def match(self, password: str, known_hash: str | None) -> bool:
        """Return whether a password is the one that was hashed.

        Without a hash the answer is no, and takes as long as if there were one: the time must not
        tell which names have accounts.
        """
        given = _encoded(password)[:LONGEST_PASSWORD_BYTES]
        same = bcrypt.checkpw(given, (known_hash or self._nobodys_hash).encode("ascii"))
        return same and given == _encoded(password)


def _encoded(password: str) -> bytes:
    # A lone surrogate has no UTF-8; it comes from broken JSON and is no character of a password.
    return password.encode("utf-8", "surrogatepass")


class Remembered:
    """Passwords that were found right in the last five minutes, so that programs need not wait.

    Only a digest is held, keyed by bytes that live as long as the process. It covers the hash
    too, so a changed password is forgotten by itself.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._right: dict[str, tuple[bytes, float]] = {}

    def holds(self, password: str, known_hash: str) -> bool:
        """Return whether the password was found right for this hash lately."""
        digest, until = self._right.get(known_hash, (b"", 0.0))
        return self._clock() < until and hmac.compare_digest(
            digest, self._digest(password, known_hash)
        )

    def add(self, password: str, known_hash: str) -> None:
        """Remember that the password is right for this hash."""
        now = self._clock()
        fresh = {key: value for key, value in self._right.items() if now < value[1]}
        fresh[known_hash] = (self._digest(password, known_hash), now + _REMEMBERED_SECONDS)
        self._right = fresh

    def _digest(self, password: str, known_hash: str) -> bytes:
        message = known_hash.encode("ascii") + _encoded(password)
        return hmac.digest(self._secret, message, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float

    @property
    def wait(self) -> float:
        if self.count < _FREE_FAILURES:
            return 0.0
        return min(_FIRST_WAIT * 2.0 ** min(self.count - _FREE_FAILURES, 10), _LONGEST_WAIT)


class Attempts:
    """Counts failed sign-ins in a row by name; from the tenth on each costs a longer wait.

    The wait is 30 s at first and doubles up to 15 minutes. Names that nobody has are counted like
    others, so the answer tells nothing of which exist; the 10,000 last are held.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, key: str) -> None:
        """Raise TooManyAttempts while the wait after the last failure is not over."""
        failures = self._failures.get(key)
        left = failures.last + failures.wait - self._clock() if failures else 0.0
        if left > 0:
            seconds = math.ceil(left)
            raise TooManyAttempts(
                f"Too many failed sign-ins with this name; try again in {seconds} seconds.",
                retry_after=seconds,
            )

    def failed(self, key: str) -> None:
        """Count a wrong password."""
        now = self._clock()
        with self._lock:
            before = self._failures.pop(key, _Failures(0, now))
            count = before.count if now - before.last < _FORGOTTEN_AFTER else 0
            self._failures[key] = _Failures(count + 1, now)
            if len(self._failures) > _NAMES_WATCHED:
                self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a name that signed in."""
        with self._lock:
            self._failures.pop(key, None)
