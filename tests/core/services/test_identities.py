"""Single sign-on is no way around what an account may do."""

from datetime import UTC

import pytest

from core.db.engine import Database
from core.errors import InvalidToken, NotAllowed
from core.services.accounts import Accounts, Caller, Role
from core.services.directory import Directory
from core.services.identities import Identities
from core.services.live_settings import LiveSettings
from core.services.passwords import Passwords
from core.services.people import People
from core.services.sign_ins import SignIns
from tests.core.services.conftest import PASSWORD, Clock


@pytest.fixture
def identities(
    database: Database,
    directory: Directory,
    accounts: Accounts,
    passwords: Passwords,
    clock: Clock,
) -> Identities:
    return Identities(database, directory, accounts, passwords, days=14, now=clock)


def claims(clock: Clock, subject: str = "42", email: str = "cat@example.org") -> dict[str, object]:
    """Return an ID token's claims, issued now."""
    return {
        "iss": "https://idp.example.org",
        "sub": subject,
        "iat": clock.time.replace(tzinfo=UTC).timestamp(),
        "email": email,
        "email_verified": True,
    }


def test_a_newcomer_gets_an_account_by_the_rule_and_is_known_again(
    identities: Identities, admin: Caller, clock: Clock
) -> None:
    cat = identities.sign_in(claims(clock))
    assert (cat.name, cat.role) == ("cat@example.org", Role.ANALYST)
    clock.forward(hours=1)
    assert identities.sign_in(claims(clock)) == cat
    changed = claims(clock, email="married@example.org")
    assert identities.sign_in(changed) == cat, "known by issuer and subject"


def test_newcomers_wait_or_are_refused_as_others_are(
    identities: Identities, sign_ins: SignIns, live: LiveSettings, admin: Caller, clock: Clock
) -> None:
    live.set_(admin, "registration", "approval")
    waiting = identities.sign_in(claims(clock))
    with pytest.raises(NotAllowed, match="waits"):
        sign_ins.begin(waiting)
    with pytest.raises(NotAllowed, match="waits"):
        identities.sign_in(claims(clock))
    live.set_(admin, "registration", "closed")
    with pytest.raises(NotAllowed, match="closed"):
        identities.sign_in(claims(clock, "43", "dog@example.org"))


def test_an_account_that_somebody_named_like_an_address_is_not_entered_by_it(
    identities: Identities, accounts: Accounts, admin: Caller, clock: Clock
) -> None:
    accounts.register("cat@example.org", PASSWORD)
    with pytest.raises(NotAllowed, match="not linked"):
        identities.sign_in(claims(clock))


def test_an_admin_links_an_account_by_its_verified_address_once(
    identities: Identities, people: People, admin: Caller, ann: Caller, clock: Clock
) -> None:
    people.set_email(admin, "ann", "cat@example.org")
    with pytest.raises(NotAllowed, match="vouch"):
        identities.sign_in({**claims(clock), "email_verified": False})
    assert identities.sign_in(claims(clock)) == ann
    with pytest.raises(NotAllowed, match="vouch"):
        identities.sign_in({**claims(clock, "43"), "email_verified": False})
    other = identities.sign_in(claims(clock, "43"))
    assert other != ann, "the address has changed hands at the provider"


def test_a_disabled_account_is_not_entered(
    identities: Identities, people: People, admin: Caller, clock: Clock
) -> None:
    identities.sign_in(claims(clock))
    people.set_active(admin, "cat@example.org", False)
    clock.forward(hours=1)
    with pytest.raises(NotAllowed, match="disabled"):
        identities.sign_in(claims(clock))


def test_an_identity_from_before_a_sign_out_signs_nobody_in(
    identities: Identities, sign_ins: SignIns, admin: Caller, clock: Clock
) -> None:
    copied = claims(clock)
    cat = identities.sign_in(copied)
    sign_in = sign_ins.begin(cat, by_identity=True)
    clock.forward(minutes=1)
    sign_ins.end(cat, sign_in)
    with pytest.raises(InvalidToken, match="signed out since"):
        identities.sign_in(copied)
    clock.forward(minutes=1)
    assert identities.sign_in(claims(clock)) == cat


def test_an_identity_is_good_for_as_long_as_a_cookie(
    identities: Identities, admin: Caller, clock: Clock
) -> None:
    copied = claims(clock)
    identities.sign_in(copied)
    clock.forward(days=14)
    with pytest.raises(InvalidToken, match="too old"):
        identities.sign_in(copied)
