"""The history of services that were made before there was one."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from core.db.engine import MIGRATIONS, Database

_SERVICES = text(
    "INSERT INTO deployments BY NAME SELECT 'd1' AS id, 'm' AS model_id, 'v' AS version_id, "
    "4 AS version, 'prod' AS name, 'prod' AS name_key, 'm-prod' AS endpoint, 'running' AS state, "
    "TIMESTAMP '2026-01-01 12:00' AS created, 'ann' AS created_by"
)
_EVENT = text(
    'INSERT INTO events BY NAME SELECT :id AS id, CAST(:at AS TIMESTAMP) AS "at", '
    "'1' AS actor_id, 'bob' AS actor, :action AS \"action\", 'deployment' AS object_kind, "
    ":service AS object_id, 'prod' AS object_name, '' AS detail"
)
_EVENTS = (
    ("2026-01-01 12:00", "deployed", "d1"),
    ("2026-01-03 12:00", "started", "d1"),
    ("2026-01-02 12:00", "paused", "d1"),
    ("2026-01-02 12:00", "paused", "gone"),
)


def test_it_is_read_off_their_rows_and_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "slipway.duckdb"
    with monkeypatch.context() as patched:
        patched.setattr("core.db.engine.MIGRATIONS", _before(tmp_path / "migrations"))
        older = Database(path)
    with older.writing() as session:
        session.execute(_SERVICES)
        for number, (at, action, service) in enumerate(_EVENTS):
            values = {"id": str(number), "at": at, "action": action, "service": service}
            session.execute(_EVENT, values)
    older.close()
    newer = Database(path)
    with newer.reading() as session:
        rows = session.execute(
            text(
                'SELECT deployment_id, number, "action", version, state, "by", day("at") '
                "FROM deployment_changes ORDER BY number"
            )
        ).all()
    newer.close()
    assert [tuple(row) for row in rows] == [
        ("d1", 1, "deployed", 4, "running", "ann", 1),
        ("d1", 2, "paused", 4, "paused", "bob", 2),
        ("d1", 3, "started", 4, "running", "bob", 3),
    ]


def _before(folder: Path) -> Path:
    """Copy the migrations that a Slipway without histories had."""
    shutil.copytree(MIGRATIONS, folder)
    files = sorted((folder / "versions").glob("*.py"))
    [this] = [file for file in files if file.stem.endswith("deployment_changes")]
    for file in files[files.index(this) :]:
        file.unlink()
    return folder
