import pytest

from core.db.engine import Database
from core.errors import InvalidInput, NotAllowed
from core.services.accounts import Caller
from core.services.live_settings import LIVE, REGISTRATION, LiveSettings, Registration
from core.settings import Settings


def test_a_setting_starts_as_the_environment_says(database: Database) -> None:
    live = LiveSettings(database, Settings(registration="approval"))
    assert live.get(REGISTRATION) is Registration.APPROVAL


def test_what_an_admin_set_outlives_a_restart(
    live: LiveSettings, database: Database, admin: Caller
) -> None:
    live.set_(admin, "registration", "closed")
    again = LiveSettings(database, Settings(registration="open"))
    assert again.get(REGISTRATION) is Registration.CLOSED


def test_a_refused_value_changes_nothing(live: LiveSettings, admin: Caller, ann: Caller) -> None:
    with pytest.raises(InvalidInput, match="one of open, approval, closed"):
        live.set_(admin, "registration", "OPEN")
    with pytest.raises(InvalidInput, match='no setting "port"'):
        live.set_(admin, "port", "1")
    with pytest.raises(NotAllowed):
        live.set_(ann, "registration", "closed")
    assert live.get(REGISTRATION) is Registration.OPEN


def test_every_live_setting_has_a_start_value_that_it_can_be(live: LiveSettings) -> None:
    for setting in LIVE:
        assert live.get(setting)
