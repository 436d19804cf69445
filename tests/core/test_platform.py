"""A platform as a whole: its opening and its close."""

from pathlib import Path

import pytest

from core.errors import InternalError
from core.platform import open_platform
from core.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(storage=tmp_path / "storage")


def test_a_closed_platform_is_not_ready_and_closes_once(settings: Settings) -> None:
    platform = open_platform(settings)
    assert platform.ready
    platform.close()
    platform.close()
    assert not platform.ready


def test_a_folder_is_opened_again_after_a_close(settings: Settings) -> None:
    platform = open_platform(settings)
    platform.accounts.register("ann", "correct horse")
    platform.close()
    again = open_platform(settings)
    assert again.accounts.sign_in("ann", "correct horse").role == "admin"
    again.close()


def test_a_file_that_is_no_database_is_refused_and_nothing_stays_open(settings: Settings) -> None:
    settings.database.parent.mkdir(parents=True)
    settings.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(InternalError, match="cannot be opened"):
        open_platform(settings)
    settings.database.unlink()
    open_platform(settings).close()
