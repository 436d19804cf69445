from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.db.engine import Database
from core.db.tables import utc_now
from core.files import Files
from core.services.accounts import Accounts, Caller

PASSWORD = "a long password"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = utc_now()

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "slipway.duckdb")
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database, files: Files, clock: Clock) -> Accounts:
    return Accounts(database, files, rounds=4, now=clock)


@pytest.fixture
def admin(accounts: Accounts) -> Caller:
    return accounts.register("root", PASSWORD)


@pytest.fixture
def ann(accounts: Accounts, admin: Caller) -> Caller:
    return accounts.register("ann", PASSWORD)


@pytest.fixture
def bob(accounts: Accounts, admin: Caller) -> Caller:
    return accounts.register("bob", PASSWORD)


@pytest.fixture
def viewer(accounts: Accounts, admin: Caller) -> Caller:
    accounts.register("vic", PASSWORD)
    accounts.set_role(admin, "vic", "viewer")
    return accounts.sign_in("vic", PASSWORD)
