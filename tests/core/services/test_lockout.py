import pytest

from core.errors import TooManyAttempts
from core.services.lockout import Attempts, Lockout, network_of


class Ticks:
    """A clock in seconds that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def _attempts(ticks: Ticks) -> Attempts:
    return Attempts(10, "Too many", ticks)


def _fail(attempts: Attempts, times: int) -> None:
    for _ in range(times):
        attempts.spend("ann")


def _wait(attempts: Attempts) -> int | None:
    with pytest.raises(TooManyAttempts) as caught:
        attempts.spend("ann")
    return caught.value.retry_after


def _is_free(attempts: Attempts, key: str) -> None:
    attempts.spend(key)
    attempts.refund(key)


def test_nine_failures_cost_no_wait_and_the_tenth_does(ticks: Ticks) -> None:
    attempts = _attempts(ticks)
    _fail(attempts, 9)
    _is_free(attempts, "ann")
    _fail(attempts, 1)
    assert _wait(attempts) == 30
    _is_free(attempts, "bob")


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(ticks: Ticks) -> None:
    attempts = _attempts(ticks)
    _fail(attempts, 10)
    waits = []
    for _ in range(7):
        waits.append(_wait(attempts) or 0)
        ticks.now += waits[-1]
        _is_free(attempts, "ann")
        _fail(attempts, 1)
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_a_success_and_an_hour_clear_the_count(ticks: Ticks) -> None:
    attempts = _attempts(ticks)
    _fail(attempts, 9)
    attempts.clear("ann")
    _fail(attempts, 9)
    _is_free(attempts, "ann")
    ticks.now += 3600
    _fail(attempts, 9)
    _is_free(attempts, "ann")


def test_guesses_at_many_names_do_not_fill_the_memory(ticks: Ticks) -> None:
    attempts = _attempts(ticks)
    for number in range(10_050):
        attempts.spend(str(number))
    assert len(attempts._failures) == 10_000


def test_attempts_that_are_refused_are_not_counted(ticks: Ticks) -> None:
    attempts = _attempts(ticks)
    _fail(attempts, 10)
    for _ in range(50):
        assert _wait(attempts) == 30


def test_ones_own_account_does_not_buy_guesses_at_others(ticks: Ticks) -> None:
    lockout = Lockout(ticks)
    for number in range(50):
        lockout.attempt(f"name {number}", "66.6.6.6", known=False)
    with pytest.raises(TooManyAttempts):
        lockout.attempt("own", "66.6.6.6", known=False)
    ticks.now += 30
    lockout.attempt("own", "66.6.6.6", known=False)
    lockout.forgive("own", "66.6.6.6", known=False)
    lockout.attempt("one guess more", "66.6.6.6", known=False)
    with pytest.raises(TooManyAttempts):
        lockout.attempt("and another", "66.6.6.6", known=False)


def test_a_one_time_password_is_let_in_whoever_guesses_at_the_name(ticks: Ticks) -> None:
    lockout = Lockout(ticks)
    for number in range(10):
        lockout.attempt("ann", f"66.6.6.{number}", known=False)
    with pytest.raises(TooManyAttempts):
        lockout.attempt("ann", "10.0.0.1", known=False)
    lockout.attempt("ann", "10.0.0.1", known=False, watched=False)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_an_address_is_counted_by_what_one_site_has(address: str, network: str) -> None:
    assert network_of(address) == network
