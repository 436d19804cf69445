"""Slows down whoever guesses passwords, without shutting out whom the account belongs to.

An attempt is counted before its password is looked at, so that a thousand at once are a thousand,
and taken back if it was right. Addresses that an account has signed in from are counted each for
itself; everybody else is counted by account, all strangers together, and by address, all accounts
together. So a stranger's guesses never keep people out where they usually sign in.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import TooManyAttempts

FREE_FAILURES = 10
FREE_FAILURES_OF_AN_ADDRESS = 50
FREE_REGISTRATIONS = 30

_FIRST_WAIT = 30.0
_LONGEST_WAIT = 900.0
_FORGOTTEN_AFTER = 3600.0
_KEYS_WATCHED = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    """How many there were, when the last one was, and when the one before."""

    count: int
    last: float
    before: float


class Attempts:
    """Counts attempts by a key; from the `free`-th on each costs a longer wait.

    The wait is 30 s at first and doubles up to 15 minutes; an hour without any clears the count.
    Keys that stand for nobody are counted like others, so the answer tells nothing of who exists;
    the 10,000 last are held. `sentence` says what there were too many of.
    """

    def __init__(
        self, free: int, sentence: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = free
        self._sentence = sentence
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def spend(self, key: str) -> None:
        """Count one more; raises TooManyAttempts while the wait after the last is not over."""
        now = self._clock()
        with self._lock:
            before = self._failures.get(key, _Failures(0, now, now))
            self._refuse_early(before, now)
            count = before.count if now - before.last < _FORGOTTEN_AFTER else 0
            self._keep(key, _Failures(count + 1, now, before.last))

    def refund(self, key: str) -> None:
        """Take one back."""
        with self._lock:
            if found := self._failures.get(key):
                self._keep(key, _Failures(found.count - 1, found.before, found.before))

    def clear(self, key: str) -> None:
        """Forget all of a key."""
        with self._lock:
            self._failures.pop(key, None)

    def _keep(self, key: str, failures: _Failures) -> None:
        self._failures[key] = failures
        self._failures.move_to_end(key)
        if len(self._failures) > _KEYS_WATCHED:
            self._failures.popitem(last=False)

    def _refuse_early(self, failures: _Failures, now: float) -> None:
        left = failures.last + self._wait(failures.count) - now
        if left > 0:
            seconds = math.ceil(left)
            raise TooManyAttempts(
                f"{self._sentence}; try again in {seconds} seconds.", retry_after=seconds
            )

    def _wait(self, count: int) -> float:
        if count < self._free:
            return 0.0
        return min(_FIRST_WAIT * 2.0 ** min(count - self._free, 10), _LONGEST_WAIT)


class Lockout:
    """Counts attempts to sign in, and registrations, by account and address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._names = Attempts(FREE_FAILURES, "Too many failed sign-ins with this name", clock)
        here = "Too many failed sign-ins from this address"
        self._addresses = Attempts(FREE_FAILURES_OF_AN_ADDRESS, here, clock)
        made = "Too many registrations from this address"
        self._registrations = Attempts(FREE_REGISTRATIONS, made, clock)

    def attempt(self, name: str, address: str, *, known: bool, watched: bool = True) -> None:
        """Count an attempt before it is made; raises TooManyAttempts.

        `known` tells that the account has signed in from the address before. With `watched` off
        strangers are not counted by account: its password is too long to be guessed.
        """
        if known:
            self._names.spend(_pair(name, address))
            return
        self._addresses.spend(address)
        if watched:
            self._names.spend(_pair(name, ""))

    def forgive(self, name: str, address: str, *, known: bool) -> None:
        """Take an attempt back: it was right."""
        if known:
            self._names.clear(_pair(name, address))
            return
        self._addresses.refund(address)
        self._names.refund(_pair(name, ""))

    def registration(self, address: str) -> None:
        """Count a registration; raises TooManyAttempts."""
        self._registrations.spend(address)


def network_of(address: str) -> str:
    """Return what is counted of an address: IPv4 whole, the 64 bits of IPv6 that one site has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _pair(name: str, address: str) -> str:
    # A name has no line break, so no other pair reads the same.
    return f"{name}\n{address}"
