import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from core.db import engine
from core.db.call_tables import CALL_TABLES, calls
from core.db.engine import MIGRATIONS, Database
from core.db.tables import Base, Event, utc_now
from core.errors import InternalError
from core.services.call_latency import bucket_of

_COLUMNS = text("SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slipway.duckdb"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    yield database
    database.close()


def _event(name: str) -> Event:
    return Event(
        at=utc_now(),
        actor_id="1",
        actor="ann",
        action="made",
        object_kind="model",
        object_id="2",
        object_name=name,
        detail="",
    )


def _columns(session: Session) -> set[tuple[object, ...]]:
    rows = session.execute(_COLUMNS)
    return {tuple(row) for row in rows if row.table_name != "alembic_version"}


def test_the_migrations_lead_to_the_tables_of_the_code(database: Database) -> None:
    memory = create_engine("duckdb:///:memory:")
    Base.metadata.create_all(memory)
    assert {table.name for table in CALL_TABLES} <= set(Base.metadata.tables)
    with Session(memory) as wanted, database.reading() as made:
        assert _columns(made) == _columns(wanted)
    memory.dispose()


def test_every_row_that_was_committed_is_there_after_a_reopen(path: Path) -> None:
    first = Database(path)
    with first.writing() as session:
        session.add(_event("kept"))
    first.close()
    second = Database(path)
    with second.reading() as session:
        assert session.scalars(select(Event.object_name)).all() == ["kept"]
    second.close()


def test_a_transaction_whose_body_raises_changes_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            session.add(_event("lost"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0


def test_threads_that_change_one_row_lose_no_change(database: Database) -> None:
    with database.writing() as session:
        session.add(_event("0"))

    def count() -> None:
        for _ in range(25):
            with database.writing() as session:
                event = session.scalars(select(Event)).one()
                event.object_name = str(int(event.object_name) + 1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(Event.object_name)).one() == "200"


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Event))
        with database.writing() as writer:
            writer.add(_event("new"))
        assert session.scalar(select(func.count()).select_from(Event)) == before


def test_a_database_of_an_older_slipway_is_brought_up_with_its_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = Database(path)
    with older.writing() as session:
        session.add(_event("kept"))
    older.close()
    monkeypatch.setattr("core.db.engine.MIGRATIONS", _with_one_more(tmp_path / "migrations"))
    newer = Database(path)
    with newer.reading() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "tested"
        found = session.execute(text("SELECT object_name, place FROM events")).one()
    newer.close()
    assert tuple(found) == ("kept", "here")


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(path).close()
    more = _with_one_more(tmp_path / "migrations", then="raise RuntimeError")
    with monkeypatch.context() as patched:
        patched.setattr("core.db.engine.MIGRATIONS", more)
        with pytest.raises(RuntimeError):
            Database(path)
    database = Database(path)
    with database.reading() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == _head()
        assert "place" not in {column[1] for column in _columns(session)}
    database.close()


def _with_one_more(folder: Path, then: str = "pass") -> Path:
    """Copy the migrations and add one, as a newer Slipway would have it."""
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "tested.py").write_text(
        f"""
from alembic import op
from sqlalchemy import Column, String

revision = "tested"
down_revision = "{_head()}"


def upgrade():
    op.add_column("events", Column("place", String, server_default="here"))
    {then}
"""
    )
    return folder


def test_a_database_of_a_newer_slipway_is_refused_with_both_schemas(path: Path) -> None:
    database = Database(path)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(InternalError, match=rf"newer Slipway \(schema 9999.* up to {_head()}"):
        Database(path)


def test_a_refused_database_is_let_go(path: Path) -> None:
    test_a_database_of_a_newer_slipway_is_refused_with_both_schemas(path)
    assert "opened" in _open_elsewhere(path, "duckdb.connect(path); print('opened')")


def test_a_second_process_is_told_to_stop_the_first(database: Database, path: Path) -> None:
    said = _open_elsewhere(path, "Database(Path(path))")
    assert "core.errors.InternalError" in said
    assert f"{path} is open in another process. Stop the other Slipway first" in said


def test_a_file_that_is_no_database_is_refused_with_a_sentence(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(InternalError, match="cannot be opened as Slipway's database"):
        Database(path)


def test_a_storage_with_odd_letters_in_its_path_opens(tmp_path: Path) -> None:
    Database(tmp_path / "50% für #1 数据" / "slipway.duckdb").close()


def _head() -> str:
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head
    return head


def _open_elsewhere(path: Path, code: str) -> str:
    script = (
        "import duckdb; from pathlib import Path; from core.db.engine import Database; "
        f"path = {str(path)!r}; {code}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_calls_from_before_there_were_sums_are_in_them(path: Path, tmp_path: Path) -> None:
    Database(path).close()
    _back_to(path, "0005")
    with duckdb.connect(path) as connection:
        connection.execute(
            "INSERT INTO calls SELECT 'one', 1, TIMESTAMP '2026-03-01' + to_minutes(i * 60), 2, 1, "
            "CASE WHEN i % 10 = 0 THEN 'overloaded' ELSE '' END, i, 'ann' FROM range(200) t(i)"
        )
    database = Database(path)
    with database.reading() as session:
        hours = session.execute(text("SELECT sum(calls), sum(rows) FROM call_hours")).one()
        timed = session.scalar(text("SELECT sum(calls) FROM latency_hours"))
        minutes = session.scalar(text("SELECT sum(calls) FROM call_minutes"))
        summed = text("SELECT bucket, sum(calls) FROM latency_hours GROUP BY bucket")
        made = session.execute(summed).all()
        bucket = bucket_of(calls.c.latency_ms).label("bucket")
        wanted = session.execute(select(bucket, func.count()).group_by("bucket")).all()
        assert sorted(made) == sorted(wanted)
    database.close()
    assert (*hours, timed, minutes) == (200, 400, 200, 73)


def _back_to(path: Path, revision: str) -> None:
    file = create_engine(f"duckdb:///{path}")
    with file.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, revision)
    file.dispose()


def test_an_answer_is_remembered_until_something_is_written(database: Database) -> None:
    asked: list[int] = []

    def count() -> int:
        asked.append(1)
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(Event)) or 0

    assert [database.remembered("events", count) for _ in range(3)] == [0, 0, 0]
    assert len(asked) == 1
    with database.writing() as session:
        session.add(_event("iris"))
    assert database.remembered("events", count) == 1


def test_what_was_asked_before_a_write_is_not_remembered_after_it(database: Database) -> None:
    def slow() -> str:
        with database.writing() as session:
            session.add(_event("iris"))
        return "before"

    assert database.remembered("events", slow) == "before"
    assert database.remembered("events", lambda: "after") == "after"


def test_a_write_that_is_taken_back_leaves_the_answers(database: Database) -> None:
    database.remembered("events", lambda: "kept")
    with pytest.raises(ZeroDivisionError), database.writing():
        raise ZeroDivisionError
    assert database.remembered("events", lambda: "asked again") == "kept"


def test_no_more_than_so_many_answers_are_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MOST_ANSWERS", 3)
    for number in range(4):
        database.remembered(number, lambda: "first")
    assert database.remembered(0, lambda: "asked again") == "asked again"
    assert database.remembered(3, lambda: "asked again") == "first"
