"""The threads that do the tasks: fair, stoppable, and able to go on after a crash.

Tasks take turns, owner by owner. A turn is one step of one task, an upload read or a part scored;
when others wait, it is interrupted after half a second and goes on in its next turn, so a short
task behind a long one starts at once. What is on disk decides where a task goes on. The tasks of a
paused service keep their place and take no turns.
"""

import errno
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import uuid4

from core.db.engine import Database
from core.errors import InternalError, Overloaded, SlipwayError
from core.files import Files
from core.runtimes.base import ModelInfo, Scorer
from core.services.job_files import JobFiles
from core.services.job_parts import ingest, score
from core.services.job_queue import InlineWorkers, Job, Progress, Work
from core.services.job_states import Standing, TaskStates
from core.services.job_stride import Doubt
from core.services.job_turns import Turns

_TURN_SECONDS = 0.5
_ATTEMPTS = 3
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

_logger = logging.getLogger(__name__)


class JobRunner:
    """Does the tasks that are in the database as queued or running.

    `info_of` gives what is known of a version, by its id, at a revision of its schema, and raises a
    SlipwayError if it is gone; `lease` lends a scorer that gives the outputs of that. `inline`
    leaves the work to `run_until_idle`.
    """

    def __init__(
        self,
        database: Database,
        files: Files,
        info_of: Callable[[str, int], ModelInfo],
        lease: Callable[[str, ModelInfo], AbstractContextManager[Scorer]],
        *,
        workers: int,
        inline: bool = False,
    ) -> None:
        self._states = TaskStates(database)
        self._files = files
        self._info_of = info_of
        self._lease = lease
        self._workers = workers
        self._executor: InlineWorkers | ThreadPoolExecutor = (
            InlineWorkers() if inline else ThreadPoolExecutor(workers, thread_name_prefix="job")
        )
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._turns = Turns()
        self._busy = 0
        self._closing = False

    def start(self) -> None:
        """Go on with what an earlier process left, and remove what belongs to no task."""
        known = self._states.all_ids()
        for task_id in self._files.job_ids():
            if task_id not in known:
                self._files.drop_job(task_id)
        with self._lock:
            for standing in self._states.unfinished():
                self._take_up(standing)
            self._sort_out()

    def add(self, task_id: str) -> None:
        """Take up a task that is in the database; one that has ended meanwhile is left alone."""
        with self._lock:
            standing = self._states.find_unfinished(task_id)
            if standing is not None:
                self._take_up(standing)
            self._sort_out()

    def look_again(self) -> None:
        """Hold the tasks of services that were paused, let go on those of services that run again.

        To be called after any change to services; it leaves tasks that are over, too.
        """
        with self._lock:
            self._sort_out()

    def stop(self, task_id: str, *, drop: bool = False) -> None:
        """Leave a task as it is; with `drop` its files go as soon as nobody writes them."""
        with self._lock:
            job = self._jobs.get(task_id)
            if job is not None:
                job.stopped = True
                job.dropped = drop
                self._leave(job)
                return
        if drop:
            self._files.drop_job(task_id)

    def find_progress(self, task_id: str, guess: int | None = None) -> Progress | None:
        """Return how far a task is, or None if it is not at work."""
        with self._lock:
            job = self._jobs.get(task_id)
            return job.progress(guess) if job is not None and job.info is not None else None

    def run_until_idle(self) -> None:
        """Do all that is to do in the calling thread; for a runner that was made `inline`."""
        if not isinstance(self._executor, InlineWorkers):
            raise TypeError("Only an inline runner works in the thread that calls it.")
        self._executor.run_until_idle()

    def close(self) -> None:
        """Stop at the next few thousand rows; the tasks go on when the platform is opened again."""
        with self._lock:
            self._closing = True
        self._executor.shutdown(wait=True, cancel_futures=True)
        for job in self._jobs.values():
            job.close()

    # --- turns; the lock is held -------------------------------------------------------------

    def _take_up(self, standing: Standing) -> None:
        job = Job(standing.task_id, JobFiles(self._files.job(standing.task_id)), standing.owner_id)
        job.ready.append(Work(None))
        self._jobs[job.id] = job
        self._turns.add(job)

    def _sort_out(self) -> None:
        """See in the database which tasks are to go on, and let them.

        It is read with the lock held: what an earlier reading said never comes after a later one.
        """
        held = {each.task_id: each.held for each in self._states.unfinished()}
        for job in list(self._turns):
            if job.id not in held:
                job.stopped = True
                job.dropped = job.dropped or not self._states.exists(job.id)
                self._leave(job)
            elif job.held != held[job.id]:
                job.held = held[job.id]
                job.start_clock()
        self._hand_out()

    def _hand_out(self) -> None:
        while not self._closing and self._busy < self._workers:
            work = self._turns.next()
            if work is None:
                return
            self._busy += 1
            self._executor.submit(self._turn, *work)

    def _leave(self, job: Job) -> None:
        """Take a stopped task out of the turns once no step of it is under way."""
        if job.in_flight or self._jobs.get(job.id) is not job:
            return
        del self._jobs[job.id]
        self._turns.remove(job)
        job.close()
        if job.dropped:
            self._files.drop_job(job.id)

    # --- one turn, in a worker ---------------------------------------------------------------

    def _turn(self, job: Job, work: Work) -> None:
        try:
            self._guarded(job, work)
            if job.stopped and not self._states.exists(job.id):
                job.dropped = True  # it was deleted, perhaps with its model
        except Exception:
            _logger.exception("What became of task %s could not be set down", job.id)
        with self._lock:
            self._busy -= 1
            job.in_flight -= 1
            if job.stopped:
                self._leave(job)
            self._hand_out()

    def _guarded(self, job: Job, work: Work) -> None:
        """Take a step, and see that whatever goes wrong ends in a state with a sentence."""
        try:
            if self._is_wanted(job):
                self._step(job, work)
            else:
                self._put_back(job, work)
        except (Overloaded, InternalError) as error:
            self._again(job, work, error.message)
        except SlipwayError as error:
            self._fail(job, error.message)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                self._fail(job, "The disk is full; make room on it and retry the task.")
                return
            reference = uuid4().hex[:12]
            _logger.exception("A step of task %s failed (reference %s)", job.id, reference)
            self._again(job, work, f"Something failed inside Slipway (reference {reference}).")

    def _again(self, job: Job, work: Work, reason: str) -> None:
        """Put a step that failed back, unless it was tried often enough or nobody wants it."""
        work.close()
        work.attempts += 1
        if self._closing:
            return
        if work.attempts >= _ATTEMPTS and self._is_wanted(job):
            self._fail(job, f"Gave up after {_ATTEMPTS} attempts: {reason}")
            return
        with self._lock:
            job.stride.lower()
            job.ready.append(work)
            self._hand_out()

    def _fail(self, job: Job, message: str) -> None:
        job.stopped = True
        self._states.fail(job.id, message)

    def _is_wanted(self, job: Job) -> bool:
        """Return whether a task is to go on now: it may be over, or its service paused."""
        with self._lock:
            standing = self._states.find_unfinished(job.id)
            job.stopped = job.stopped or standing is None
            job.held = standing is not None and standing.held
            return not job.stopped and not job.held

    def _put_back(self, job: Job, work: Work) -> None:
        """Keep a step for the task's next turn; a model is not kept in memory for a paused one."""
        if job.stopped or job.held:
            work.close()
        if not job.stopped:
            with self._lock:
                job.ready.appendleft(work)
                self._hand_out()

    def _step(self, job: Job, work: Work) -> None:
        info = job.info
        if info is None:
            self._open(job)
            return
        if work.steps is None:
            work.steps = (
                self._ingesting(job, info)
                if work.part is None
                else self._scoring(job, info, work, work.part)
            )
        if self._is_run_out(job, work.steps):
            self._finish_if_complete(job)
        else:
            self._put_back(job, work)

    def _open(self, job: Job) -> None:
        standing = self._states.find_unfinished(job.id)
        if standing is None:
            return
        info = self._info_of(standing.version_id, job.files.plan.revision)
        self._states.start(job.id)
        with self._lock:
            job.open(standing.version_id, info)
            self._hand_out()
        self._finish_if_complete(job)

    def _is_run_out(self, job: Job, steps: Iterator[None]) -> bool:
        """Go on until the end of a step (True), or until the turn is over (False)."""
        end = time.monotonic() + _TURN_SECONDS
        for _ in steps:
            if job.stopped or job.held or self._closing:
                return False
            if time.monotonic() > end and self._others_wait(job):
                return False
        return True

    def _others_wait(self, job: Job) -> bool:
        with self._lock:
            return self._turns.others_wait(job)

    def _ingesting(self, job: Job, info: ModelInfo) -> Generator[None]:
        for part, rows in ingest(job.files, info.input_schema):
            with self._lock:
                job.add_part(part, rows)
                self._hand_out()
            yield
        job.ingested = job.files.find_ingested()

    def _scoring(self, job: Job, info: ModelInfo, work: Work, part: int) -> Generator[None]:
        """Score a part; in the last attempt, rows that the engine cannot answer are told apart."""
        last = work.attempts >= _ATTEMPTS - 1
        doubt = Doubt(proven=any(job.done.values())) if last else None
        with self._lease(job.version_id, info) as scorer:
            for rows in score(job.files, part, info, scorer, job.stride, doubt):
                with self._lock:
                    job.done[part] = rows
                yield
        rows, failed = job.files.counts(part)
        with self._lock:
            job.done[part], job.failed[part] = rows, failed

    def _finish_if_complete(self, job: Job) -> None:
        with self._lock:
            ingested = job.ingested
            if ingested is None or job.stopped or len(job.failed) < len(ingested.parts):
                return
            job.stopped = True
        self._states.succeed(job.id, ingested.rows, sum(job.failed.values()))
