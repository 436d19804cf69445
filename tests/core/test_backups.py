"""A backup made under load, brought back into an empty folder, answers as the platform did (A1)."""

import hashlib
import json
import random
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from core.commands import backup as backup_command
from core.commands import restore as restore_command
from core.db.engine import MIGRATIONS, Database, build, schema_revision
from core.db.snapshot import pin, read_tables, write_table
from core.errors import InvalidInput, InvalidToken, NotAllowed, NotFound
from core.platform import Platform, open_platform
from core.services.backup_tickets import BackupTickets
from core.services.job_views import TaskView
from core.services.restoring import restore
from core.settings import Settings
from tests.core.services.conftest import Clock
from tests.security.stage import PASSWORD, RECORD, Stage
from tests.shortcuts import quick_platforms

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import skops.io
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = list(RECORD)
    path = tmp_path_factory.mktemp("iris") / "iris.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(features, target), path)
    return path


@pytest.fixture(scope="module")
def stage(iris: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with _running(tmp_path_factory.mktemp("first") / "storage") as platform:
        yield Stage(platform, iris)


@pytest.fixture(scope="module")
def whole(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a backup with a model, a service and a task that is over."""
    stage.service()
    stage.task()
    path = tmp_path_factory.mktemp("backup") / "backup.zip"
    path.write_bytes(b"".join(stage.platform.backups.make(stage.admin, results=True)))
    return path


@contextmanager
def _running(storage: Path) -> Iterator[Platform]:
    with quick_platforms():
        platform = open_platform(Settings(storage=storage), inline=True)
        try:
            yield platform
        finally:
            platform.close()


@contextmanager
def _loaded(stage: Stage, endpoint: str) -> Iterator[None]:
    """Call a service, submit tasks and upload models from threads while the block runs."""
    over, failures = threading.Event(), list[BaseException]()
    live = stage.platform.deployments.live_for(stage.owner, endpoint)
    acts: list[Callable[[], object]] = [
        partial(stage.platform.predictions.call, stage.owner, live, dict(RECORD)),
        stage.model,
        partial(_made_and_deleted, stage),
        partial(stage.task, done=False),
    ]

    def act(work: Callable[[], object]) -> None:
        while not over.is_set():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)
                return

    threads = [threading.Thread(target=act, args=(work,)) for work in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []


def _made_and_deleted(stage: Stage) -> None:
    stage.platform.models.delete(stage.owner, stage.model().id)


def _records(number: int) -> list[dict[str, object]]:
    chance = random.Random(7)
    return [{name: round(chance.uniform(0, 8), 2) for name in RECORD} for _ in range(number)]


def test_a_backup_under_load_brings_everything_back_and_a_thousand_predictions_are_equal(
    stage: Stage, tmp_path: Path
) -> None:
    platform, owner = stage.platform, stage.owner
    service, task = stage.service(), stage.task()
    records = _records(1_000)
    live = platform.deployments.live_for(owner, service.endpoint)
    answers = platform.predictions.call(owner, live, records).output
    result = platform.jobs.result(owner, task.id)
    before = {model.id for model in platform.models.list_(stage.admin)}
    with _loaded(stage, service.endpoint), (tmp_path / "backup.zip").open("wb") as file:
        for block in platform.backups.make(stage.admin, results=True):
            file.write(block)
    assert restore(tmp_path / "backup.zip", tmp_path / "again").accounts == 5
    with _running(tmp_path / "again") as again:
        assert {again.accounts.sign_in(name, PASSWORD).name for name in ("root", "owner")}
        token = again.accounts.caller_by_token(stage.tokens["owner"])
        assert token == owner
        assert before <= {model.id for model in again.models.list_(stage.admin)}
        live = again.deployments.live_for(owner, service.endpoint)
        assert again.predictions.call(owner, live, records).output == answers
        assert again.jobs.result(owner, task.id) == result
        again.runner.run_until_idle()  # what had not begun, or was under way
        states = {view.state for view in again.jobs.list_(stage.admin, limit=1_000).tasks}
        assert states == {"succeeded"}
        assert _lost(again) == set()


def _lost(platform: Platform) -> set[str]:
    """Return the files that rows name and the storage has not, or the other way round."""
    with platform.accounts._database.reading() as session:
        used = session.scalars(
            text("SELECT artifact FROM versions UNION SELECT source FROM versions")
        )
        return set(used) ^ set(platform.files.artifacts())


def test_sign_ins_and_secrets_are_in_no_backup(stage: Stage, whole: Path, tmp_path: Path) -> None:
    sign_in = stage.platform.sign_ins.begin(stage.admin)
    backup = b"".join(stage.platform.backups.make(stage.admin, results=False))
    path = tmp_path / "backup.zip"
    path.write_bytes(backup)
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    secrets = [stage.platform.files.secret(name) for name in ("cookie", "tickets", "backup")]
    assert [each for each in (sign_in, *secrets) if each.encode() in content] == []
    restore(path, tmp_path / "again")
    with _running(tmp_path / "again") as again:
        assert again.sign_ins.find(sign_in) is None
        assert again.files.secret("cookie") != secrets[0]


def test_without_results_tasks_that_are_over_say_so_and_the_others_go_on(
    stage: Stage, tmp_path: Path
) -> None:
    over, waiting = stage.task(), stage.task(done=False)
    path = tmp_path / "backup.zip"
    path.write_bytes(b"".join(stage.platform.backups.make(stage.admin, results=False)))
    restore(path, tmp_path / "again")
    with _running(tmp_path / "again") as again:
        with pytest.raises(NotFound, match="removed"):
            again.jobs.result(stage.owner, over.id)
        again.runner.run_until_idle()
        assert _state(again, stage, waiting) == "succeeded"
    stage.platform.runner.run_until_idle()


def _state(platform: Platform, stage: Stage, task: TaskView) -> str:
    return platform.jobs.get(stage.owner, task.id).state


def test_a_backup_leaves_nothing_in_the_storage_also_if_nobody_takes_the_rest(
    stage: Stage,
) -> None:
    blocks = stage.platform.backups.make(stage.admin, results=True)
    del blocks
    incoming = stage.platform.settings.storage / "incoming"
    assert list(incoming.iterdir()) == []


def _without(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        del members[_named(members, name)]

    return change


def _named(members: dict[str, bytes], start: str) -> str:
    return next(name for name in members if name.startswith(start))


def _swap_byte(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        name_ = _named(members, name)
        content = members[name_]
        members[name_] = content[:-1] + bytes([content[-1] ^ 1])

    return change


def _manifest(**changed: object) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(
            {**json.loads(members["manifest.json"]), **changed}
        ).encode()

    return change


def _added(name: str, content: bytes = b"x", *, listed: bool = True) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members[name] = content
        if listed:
            manifest = json.loads(members["manifest.json"])
            entry = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            manifest["members"][name] = entry
            members["manifest.json"] = json.dumps(manifest).encode()

    return change


def _shrunk(members: dict[str, bytes]) -> None:
    """Say of a member that it is smaller than what it unpacks to."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"][_named(members, "tables/accounts")]["size"] = 1
    members["manifest.json"] = json.dumps(manifest).encode()


def _foreign_artifact(members: dict[str, bytes]) -> None:
    _added(f"artifacts/aa/{'a' * 64}")(members)


def _table_of_text(members: dict[str, bytes]) -> None:
    _added("tables/accounts.parquet", b"PAR1 no table PAR1")(members)


def _swapped_tables(members: dict[str, bytes]) -> None:
    _added("tables/accounts.parquet", members["tables/models.parquet"])(members)


HARM: dict[str, tuple[Change, str]] = {
    "a member is missing": (_without("artifacts/"), "is missing"),
    "a table is missing": (_without("tables/models"), "is missing"),
    "the manifest is missing": (_without("manifest"), "it has no manifest"),
    "a member was changed": (_swap_byte("artifacts/"), "is not what its manifest says"),
    "a table was changed": (_swap_byte("tables/accounts"), "is not what its manifest says"),
    "a member swells": (_shrunk, "is not what its manifest says"),
    "the manifest is no JSON": (_added("manifest.json", b"{", listed=False), "cannot be read"),
    "a path leads out": (_added("../../outside"), "does not belong there"),
    "a path leads out of a task": (_added(f"jobs/{'a' * 32}/../../x"), "does not belong there"),
    "a path is absolute": (_added("/etc/passwd"), "does not belong there"),
    "a path has backslashes": (_added("artifacts\\x"), "does not belong there"),
    "a secret is planted": (_added("secrets/cookie"), "does not belong there"),
    "a database is planted": (_added("slipway.duckdb"), "does not belong there"),
    "a member is not listed": (
        _added(f"jobs/{'a' * 32}/source", listed=False),
        "is not in its manifest",
    ),
    "an artifact has a false name": (_foreign_artifact, "is not what its name says"),
    "a table is more than there is": (_added("tables/strange.parquet"), "are not those of schema"),
    "a table is none": (_table_of_text, "accounts cannot be read"),
    "a table is another": (_swapped_tables, "accounts cannot be read"),
    "a newer Slipway made it": (_manifest(schema="9999"), "made by a newer Slipway"),
    "a newer layout": (_manifest(layout=2), "made by a newer Slipway"),
    "it is of another kind": (_manifest(kind="model"), "a backup is wanted here"),
}


def _repacked(path: Path, target: Path, change: Change) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_or_hostile_backup_is_refused_and_leaves_nothing(
    harm: str, whole: Path, tmp_path: Path
) -> None:
    change, sentence = HARM[harm]
    path = _repacked(whole, tmp_path / "harm.zip", change)
    with pytest.raises(InvalidInput, match=sentence):
        restore(path, tmp_path / "new")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=sentence):
        restore(path, tmp_path / "empty")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty", "harm.zip"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_backup_that_was_cut_off_is_refused(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match="did not arrive whole"):
        restore(path, tmp_path / "new")


def test_a_link_in_a_backup_is_refused(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    path.write_bytes(whole.read_bytes())
    link = zipfile.ZipInfo(f"jobs/{'a' * 32}/source")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInput, match="is a link"):
        restore(path, tmp_path / "new")


def test_a_task_whose_name_leads_out_of_the_storage_is_refused(whole: Path, tmp_path: Path) -> None:
    restore(whole, tmp_path / "first")
    database = Database(tmp_path / "first" / "slipway.duckdb")
    with database.writing() as session:
        session.execute(text("UPDATE tasks SET id = '../../' || id"))
    database.close()
    with _stopped(tmp_path / "first") as settings:
        path = _backed_up(settings, tmp_path / "harm.zip")
    with pytest.raises(InvalidInput, match=r"Task\.id is no name of a file"):
        restore(path, tmp_path / "new")


@contextmanager
def _stopped(storage: Path) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_STORAGE", str(storage))
        yield patch


def _backed_up(_: pytest.MonkeyPatch, path: Path) -> Path:
    assert backup_command.main([str(path)]) == 0
    return path


def test_a_folder_that_is_in_use_is_not_restored_into(
    stage: Stage, whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="is not empty"):
        restore(whole, stage.platform.settings.storage)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="is a file"):
        restore(whole, tmp_path / "file")


def test_a_backup_of_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """A row of the first schema is read with what the columns since then make of it."""
    first = min(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
    old, tables = tmp_path / "old.duckdb", tmp_path / "tables"
    tables.mkdir()
    row = "INSERT INTO accounts SELECT 'a', 'ann', 'ann', 'h', 'admin', true, now(), now()"
    build(old, first, lambda connection: None)
    _write_rows(old, row, tables)
    names = [path.stem for path in tables.iterdir()]
    read_tables(tmp_path / "new.duckdb", first, tables, names)
    database = Database(tmp_path / "new.duckdb")
    with database.reading() as session:
        assert session.execute(text("SELECT name, email FROM accounts")).all() == [("ann", None)]
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == schema_revision()
    database.close()


def _write_rows(path: Path, row: str, folder: Path) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(f"duckdb:///{path}")
    with Session(engine) as session:
        session.execute(text(row))
        for table in pin(session):
            write_table(session, table, folder / f"{table}.parquet")
    engine.dispose()


def test_only_an_admin_makes_backups_and_tickets_for_them(stage: Stage) -> None:
    for caller in (stage.owner, stage.viewer):
        with pytest.raises(NotAllowed):
            stage.platform.backups.make(caller, results=False)
        with pytest.raises(NotAllowed):
            stage.platform.backup_tickets.issue(caller, results=False)


def _ticket_case(stage: Stage, clock: Clock) -> BackupTickets:
    return BackupTickets(stage.platform.accounts, stage.platform.files, now=clock)


def test_a_ticket_is_good_once_for_five_minutes(stage: Stage) -> None:
    clock = Clock()
    tickets = _ticket_case(stage, clock)
    ticket = tickets.issue(stage.admin, results=True)
    assert tickets.redeem(ticket) == (stage.admin, True)
    with pytest.raises(InvalidToken):
        tickets.redeem(ticket)
    late = tickets.issue(stage.admin, results=False)
    clock.forward(minutes=6)
    with pytest.raises(InvalidToken):
        tickets.redeem(late)
    with pytest.raises(InvalidToken):
        tickets.redeem("no ticket")


def test_the_commands_write_and_read_a_backup_while_no_server_runs(
    stage: Stage, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore(whole, tmp_path / "storage")
    with _stopped(tmp_path / "storage") as settings:
        path = _backed_up(settings, tmp_path / "b.zip")
        assert path.stat().st_mode & 0o777 == 0o600
        assert backup_command.main([str(path)]) == 1
        assert "is there already" in capsys.readouterr().err
        assert restore_command.main([str(path)]) == 1
        assert "is not empty" in capsys.readouterr().err
    with _stopped(tmp_path / "new"):
        assert restore_command.main([str(path)]) == 0
        assert "5 accounts" in capsys.readouterr().out
        assert restore_command.main([str(tmp_path / "none.zip")]) == 1
        assert "Nothing was restored" in capsys.readouterr().err
    with _stopped(tmp_path / "nowhere"):
        assert backup_command.main([str(tmp_path / "c.zip")]) == 1
        assert "holds no platform" in capsys.readouterr().err
