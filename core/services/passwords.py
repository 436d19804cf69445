"""How passwords are kept, compared and remembered, and how guessing them is slowed down."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

import bcrypt

from core.errors import InvalidInput

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD_BYTES = 72

_REMEMBERED_SECONDS = 300
# 100 bits: nobody guesses one, whatever the number of tries. No letters that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_ONE_TIME_LETTERS = 20


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


def one_time_password() -> str:
    """Return a password to hand to somebody: 20 letters and digits in groups of five."""
    letters = [secrets.choice(_LETTERS) for _ in range(_ONE_TIME_LETTERS)]
    return "-".join("".join(letters[at : at + 5]) for at in range(0, _ONE_TIME_LETTERS, 5))


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
