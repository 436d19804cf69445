"""The composition root: builds every part of one platform, holds it, and closes it."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from core.db.engine import Database
from core.files import Files, Staged
from core.preparation.engine import Steps
from core.runtimes import open_runtimes
from core.runtimes.asked_types import Trust
from core.runtimes.cache import ScorerCache
from core.runtimes.inspection import Inspected, inspect_file
from core.runtimes.lending import Scorers
from core.services.accounts import Accounts
from core.services.approvals import Approvals
from core.services.backup_tickets import BackupTickets
from core.services.backups import Backups
from core.services.call_logs import CallLogs
from core.services.call_upkeep import CallUpkeep
from core.services.calls import Calls
from core.services.cases import Cases
from core.services.column_maps import ColumnMaps
from core.services.dashboard import Dashboard
from core.services.deployments import Deployments
from core.services.directory import Directory
from core.services.examples import Examples
from core.services.first_steps import FirstSteps
from core.services.identities import Identities
from core.services.job_news import TaskNews
from core.services.job_retention import Retention
from core.services.job_runner import JobRunner
from core.services.job_tickets import Tickets
from core.services.jobs import Jobs
from core.services.languages import Languages
from core.services.live_settings import LiveSettings
from core.services.loading import Loader
from core.services.matching import Matching
from core.services.model_archives import ModelArchives
from core.services.models import Models
from core.services.online_load import OnlineLoad
from core.services.passwords import Passwords
from core.services.people import People
from core.services.predictions import Predictions
from core.services.preprocessing import Preprocessing
from core.services.previews import Previews
from core.services.rechecks import Rechecks
from core.services.refusals import Refusals
from core.services.releases import Releases
from core.services.revisions import Revisions
from core.services.samples import Samples
from core.services.sign_ins import SignIns
from core.services.storage import Storage
from core.services.support import Support
from core.services.system import System
from core.services.timeline import Timeline
from core.services.warming import Warming
from core.services.watching import Watching
from core.services.webhooks import Webhooks
from core.services.what_if import WhatIf
from core.settings import Settings

_log = logging.getLogger(__name__)
_SECRETS = ("backup", "cookie", "tickets")  # they are there from the first start on


@dataclass(frozen=True)
class Platform:
    """Everything that a page or a route may use; one per process and storage folder."""

    settings: Settings
    files: Files
    live: LiveSettings
    accounts: Accounts
    approvals: Approvals
    sign_ins: SignIns
    identities: Identities
    people: People
    languages: Languages
    timeline: Timeline
    refusals: Refusals
    models: Models
    revisions: Revisions
    preprocessing: Preprocessing
    samples: Samples
    examples: Examples
    first_steps: FirstSteps
    loader: Loader
    deployments: Deployments
    releases: Releases
    calls: Calls
    upkeep: CallUpkeep
    logs: CallLogs
    watching: Watching
    predictions: Predictions
    what_if: WhatIf
    cases: Cases
    column_maps: ColumnMaps
    previews: Previews
    matching: Matching
    rechecks: Rechecks
    runner: JobRunner
    jobs: Jobs
    tickets: Tickets
    retention: Retention
    news: TaskNews
    webhooks: Webhooks
    model_archives: ModelArchives
    backups: Backups
    backup_tickets: BackupTickets
    load: OnlineLoad
    dashboard: Dashboard
    storage: Storage
    system: System
    support: Support
    _parts: ExitStack
    _closed: threading.Event

    @property
    def ready(self) -> bool:
        """Return whether calls are answered."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Stop the workers, write what is in memory, and give everything back; once."""
        self._closed.set()
        self._parts.close()


def open_platform(settings: Settings, *, inline: bool = False) -> Platform:
    """Build a platform over a storage folder and let its interrupted tasks go on.

    `inline` leaves tasks to `runner.run_until_idle`, outdated checks to `rechecks.run`, and old
    calls to `upkeep.tidy`. Raises InternalError where the folder is in use by another process
    or was written by a newer Slipway.
    """
    with ExitStack() as parts:
        platform = _build(settings, inline, parts)
        platform.runner.start()
        if not inline:
            platform.rechecks.start()
            platform.retention.start()
            platform.webhooks.start()
            platform.upkeep.start()
        return replace(platform, _parts=parts.pop_all())


def _build(settings: Settings, inline: bool, parts: ExitStack) -> Platform:
    database = Database(settings.database)
    parts.callback(database.close)
    files = Files(settings.storage)
    for name in _SECRETS:
        files.secret(name)
    runtimes = open_runtimes(
        seconds=settings.score_seconds,
        java_heap_mb=settings.java_heap_mb,
        packages=settings.own_packages,
    )
    parts.callback(runtimes.close)
    live, directory, passwords = LiveSettings(database, settings), Directory(database), Passwords()
    accounts = Accounts(database, directory, passwords, live)
    approvals = Approvals(database)
    models = Models(database, files, _inspecting(settings, approvals), approvals)
    revisions = Revisions(database, models)
    loader = Loader(models, files, runtimes, approvals)
    cache = ScorerCache(loader.load, settings.cached_models)
    parts.callback(cache.close)
    approvals.on_revoke(_dropping(models, cache))
    steps = Steps()
    parts.callback(steps.close)
    scorers = Scorers(cache, steps)
    deployments = Deployments(database, models, cache)
    parts.callback(Warming(deployments, cache, settings.cached_models).close)
    calls = Calls(database)
    parts.callback(calls.close)
    logs = CallLogs(database)
    parts.callback(logs.close)
    upkeep = CallUpkeep(
        database, call_days=settings.call_days, history_days=settings.call_history_days
    )
    parts.callback(upkeep.close)
    runner = JobRunner(
        database,
        files,
        models.info_at,
        scorers.get,
        workers=settings.workers,
        inline=inline,
    )
    parts.callback(runner.close)
    deployments.on_refresh(lambda _: runner.look_again())
    rechecks = Rechecks(database, files, models, scorers.get)
    parts.callback(rechecks.close)
    retention = Retention(database, files, days=settings.keep_results_days)
    parts.callback(retention.close)
    column_maps = ColumnMaps(database)
    predictions = Predictions(models, calls, logs, scorers)
    webhooks = Webhooks(database, private=settings.private_webhooks)
    parts.callback(webhooks.close)
    load = OnlineLoad()
    matching = Matching(database, models, scorers.get)
    samples = Samples(database, files, models, revisions)
    return Platform(
        settings=settings,
        files=files,
        live=live,
        accounts=accounts,
        sign_ins=SignIns(database, directory, days=settings.cookie_days),
        identities=Identities(database, directory, accounts, passwords, days=settings.cookie_days),
        people=People(database, directory, passwords, models, runner),
        languages=Languages(database, directory),
        timeline=Timeline(database),
        refusals=Refusals(database),
        approvals=approvals,
        models=models,
        revisions=revisions,
        preprocessing=Preprocessing(database, models, steps, scorers.get),
        first_steps=FirstSteps(database),
        samples=samples,
        examples=Examples(database, files, models, samples),
        loader=loader,
        deployments=deployments,
        releases=Releases(database, deployments, cache),
        calls=calls,
        upkeep=upkeep,
        logs=logs,
        watching=Watching(database, calls, loader.find_problem),
        predictions=predictions,
        what_if=WhatIf(models, predictions),
        cases=Cases(database, models, predictions),
        column_maps=column_maps,
        previews=Previews(predictions, column_maps),
        matching=matching,
        rechecks=rechecks,
        runner=runner,
        jobs=Jobs(database, files, runner, part_rows=settings.part_rows),
        tickets=Tickets(accounts, files),
        retention=retention,
        news=TaskNews(database),
        webhooks=webhooks,
        model_archives=ModelArchives(
            database, files, models, revisions, matching, limit=settings.max_model_bytes
        ),
        backups=Backups(database, files),
        backup_tickets=BackupTickets(accounts, files),
        load=load,
        dashboard=Dashboard(database, files),
        storage=Storage(database, files, models.artifacts, retention, upkeep),
        system=System(database, files, runtimes.children, load),
        support=Support(database),
        _parts=parts,
        _closed=threading.Event(),
    )


def _inspecting(settings: Settings, approvals: Approvals) -> Callable[[Staged], Inspected]:
    def inspect(staged: Staged) -> Inspected:
        return inspect_file(
            staged.path,
            staged.name,
            staged.path.parent,
            seconds=settings.inspect_seconds,
            memory=settings.inspect_bytes,
            trust=Trust(approvals.approved(staged.sha256), settings.own_packages),
        )

    return inspect


def _dropping(models: Models, cache: ScorerCache[str]) -> Callable[[str], None]:
    def drop(sha256: str) -> None:
        for version_id in models.versions_of(sha256):
            cache.drop(version_id)

    return drop


class _Shared:
    """The platform of this process, if it is open."""

    lock = threading.Lock()
    platform: Platform | None = None


def shared_platform() -> Platform:
    """Return the platform of this process; the first call opens it with the environment's settings.

    The server's lifespan makes the first call and `close_platform` the last.
    """
    with _Shared.lock:
        if _Shared.platform is None:
            _Shared.platform = open_platform(Settings())
        return _Shared.platform


def close_platform() -> None:
    """Close the platform of this process, if it is open."""
    with _Shared.lock:
        if _Shared.platform is not None:
            _Shared.platform.close()
            _Shared.platform = None
            _log.info("The platform is closed.")
