"""Whose turn it is, and what a paused or deleted service does to its tasks."""

import threading
from collections.abc import Callable

import pytest

from core.db.engine import Database
from core.files import Files
from core.services.accounts import Accounts, Caller
from core.services.deployment_views import DeploymentView
from core.services.deployments import Deployments
from core.services.job_files import JobFiles
from core.services.job_queue import Job, Work
from core.services.job_runner import JobRunner
from core.services.job_states import TaskStates
from core.services.job_turns import Turns
from core.services.jobs import Jobs
from core.services.model_views import VersionView
from core.services.models import Models
from tests.core.services.greeting import PART_ROWS, PEOPLE, Greeter, Lease, Upload


def job(files: Files, name: str, owner: str, steps: int = 1) -> Job:
    made = Job(name, JobFiles(files.job(name)), owner)
    made.ready.extend(Work(part) for part in range(steps))
    return made


def order(turns: Turns) -> list[str]:
    taken = []
    while (found := turns.next()) is not None:
        taken.append(found[0].id)
    return taken


def test_owners_take_turns_whatever_they_have_submitted(files: Files) -> None:
    turns = Turns()
    for number in range(30):
        turns.add(job(files, f"ann{number}", "ann"))
    turns.add(job(files, "bob0", "bob", steps=2))
    assert order(turns)[:5] == ["ann0", "bob0", "ann1", "bob0", "ann2"]


def test_the_tasks_of_one_owner_take_turns(files: Files) -> None:
    turns = Turns()
    for name in ("long", "short"):
        turns.add(job(files, name, "ann", steps=2))
    assert order(turns) == ["long", "short", "long", "short"]


def test_a_task_that_is_held_or_has_no_step_ready_is_passed_over(files: Files) -> None:
    turns = Turns()
    held, idle, busy = (job(files, name, "ann") for name in ("held", "idle", "busy"))
    held.held = True
    idle.ready.clear()
    for each in (held, idle, busy):
        turns.add(each)
    assert not turns.others_wait(busy)
    assert turns.others_wait(held)
    assert order(turns) == ["busy"]


@pytest.fixture
def service(
    deployments: Deployments, runner: JobRunner, ann: Caller, version: VersionView
) -> DeploymentView:
    deployments.on_refresh(lambda _: runner.look_again())
    return deployments.create(ann, version.model.id, "live")


@pytest.fixture
def served(
    jobs: Jobs, ann: Caller, version: VersionView, upload: Upload, service: DeploymentView
) -> str:
    staged = upload(PEOPLE, "people.csv")
    return jobs.submit(ann, version, staged, kind="csv", deployment=service).id


def test_a_paused_service_holds_its_tasks_until_it_is_started(
    jobs: Jobs,
    runner: JobRunner,
    deployments: Deployments,
    ann: Caller,
    service: DeploymentView,
    served: str,
    submit: Callable[..., str],
    scorer: Greeter,
) -> None:
    scorer.before = lambda: deployments.pause(ann, service.id) if len(scorer.batches) == 1 else None
    runner.run_until_idle()
    view = jobs.get(ann, served)
    assert (view.state, view.held, view.rows_done) == ("running", True, 6)
    assert view.message == 'Waits: the deployment "live" is paused. Start it, and the task goes on.'
    other = submit(PEOPLE)
    runner.run_until_idle()
    assert jobs.get(ann, other).state == "succeeded"
    scorer.before = lambda: None
    deployments.start(ann, service.id)
    runner.run_until_idle()
    view = jobs.get(ann, served)
    assert (view.state, view.held, view.message) == ("succeeded", False, "Scored 10 rows.")
    assert jobs.table(ann, served).table.column("age").to_pylist() == list(range(1, 11))


def test_a_task_of_a_paused_service_is_held_after_a_restart_too(
    jobs: Jobs,
    open_runner: Callable[[], JobRunner],
    deployments: Deployments,
    ann: Caller,
    service: DeploymentView,
    served: str,
    scorer: Greeter,
) -> None:
    deployments.pause(ann, service.id)
    again = open_runner()
    again.start()
    again.run_until_idle()
    assert scorer.batches == []
    assert jobs.get(ann, served).held


def test_a_held_task_can_be_cancelled(
    jobs: Jobs,
    runner: JobRunner,
    deployments: Deployments,
    ann: Caller,
    service: DeploymentView,
    served: str,
) -> None:
    deployments.pause(ann, service.id)
    jobs.cancel(ann, served)
    deployments.start(ann, service.id)
    runner.run_until_idle()
    view = jobs.get(ann, served)
    assert (view.state, view.held, view.message) == ("cancelled", False, "Cancelled by ann.")


@pytest.mark.parametrize("paused", [True, False])
def test_a_deleted_service_cancels_its_tasks_and_leaves_its_results(
    jobs: Jobs,
    runner: JobRunner,
    deployments: Deployments,
    ann: Caller,
    version: VersionView,
    upload: Upload,
    service: DeploymentView,
    served: str,
    scorer: Greeter,
    *,
    paused: bool,
) -> None:
    runner.run_until_idle()
    staged = upload(PEOPLE, "more.csv")
    late = jobs.submit(ann, version, staged, kind="csv", deployment=service).id
    calls = len(scorer.batches)
    if paused:
        deployments.pause(ann, service.id)
    deployments.delete(ann, service.id)
    runner.run_until_idle()
    view = jobs.get(ann, late)
    assert (view.state, view.message) == ("cancelled", "ann deleted the deployment live.")
    assert view.finished is not None
    assert len(scorer.batches) == calls
    assert jobs.get(ann, served).state == "succeeded"
    assert jobs.result(ann, served).total == 10


def test_thirty_tasks_of_five_users_all_finish_and_none_waits_while_the_pool_is_idle(
    database: Database,
    files: Files,
    models: Models,
    admin: Caller,
    version: VersionView,
    lease: Lease,
    scorer: Greeter,
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each time that a step of a task begins, the whole pool is at work or nothing else waits."""
    ended = threading.Semaphore(0)
    idle: list[int] = []
    succeed = TaskStates.succeed

    def tell(states: TaskStates, task_id: str, rows: int, failed: int) -> None:
        succeed(states, task_id, rows, failed)
        ended.release()

    def look() -> None:
        with runner._lock:
            waits = any(each.can_go_on for each in runner._turns)
            if waits and runner._busy < 4:
                idle.append(runner._busy)

    monkeypatch.setattr(TaskStates, "succeed", tell)
    scorer.before = look
    runner = JobRunner(database, files, models.info_at, lease, workers=4)
    jobs = Jobs(database, files, runner, part_rows=PART_ROWS)
    models.update(admin, version.model.id, visibility="team")
    users = [admin] + [accounts.register(f"user{n}", "a long password") for n in range(4)]
    ids = [
        (user, jobs.submit(user, version, [{"age": 1, "sex": "f"}] * size, kind="json").id)
        for size in (1, 4, 9, 2, 7, 3)
        for user in users
    ]
    assert all(ended.acquire(timeout=60) for _ in ids)
    runner.close()
    assert idle == []
    assert {jobs.get(user, task).state for user, task in ids} == {"succeeded"}
    assert len(ids) == 30
