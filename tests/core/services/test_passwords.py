import pytest

from core.errors import InvalidInput
from core.services.passwords import Passwords, Remembered


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(rounds=4)


@pytest.mark.parametrize(
    "password",
    ["12345678", "пароль-ёж", "长长的密码很难猜的", "😀" * 18, "x" * 72, "nul\x00inside"],
)
def test_a_password_of_8_letters_to_72_bytes_is_taken_and_matches(
    passwords: Passwords, password: str
) -> None:
    known = passwords.hashed(password)
    assert passwords.match(password, known)
    assert not passwords.match(password[:-1], known)
    assert not passwords.match(password + "x", known)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least 8"),
        ("1234567", "at least 8"),
        ("x" * 73, "takes 73 bytes; use at most 72"),
        ("😀" * 19, "takes 76 bytes"),
    ],
)
def test_other_passwords_are_refused_with_the_limit(
    passwords: Passwords, password: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        passwords.hashed(password)


def test_no_password_matches_where_there_is_no_account(passwords: Passwords) -> None:
    assert not passwords.match("12345678", None)
    assert not passwords.match("x" * 500, None)
    assert not passwords.match("broken \ud800 text", None)


def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert passwords.hashed("12345678") != passwords.hashed("12345678")


def test_a_remembered_password_is_known_for_five_minutes(ticks: Ticks) -> None:
    remembered = Remembered(ticks)
    remembered.add("secret one", "hash")
    ticks.now += 299
    assert remembered.holds("secret one", "hash")
    assert not remembered.holds("secret two", "hash")
    assert not remembered.holds("secret one", "hash of a changed password")
    ticks.now += 1
    assert not remembered.holds("secret one", "hash")


def test_what_is_remembered_holds_no_password(ticks: Ticks) -> None:
    remembered = Remembered(ticks)
    remembered.add("hunter's moon", "hash")
    assert "hunter" not in repr(vars(remembered))
