"""One task as the runner holds it: what of it can be done next, and how far it is."""

import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial

from core.runtimes.base import ModelInfo
from core.services.job_files import Ingested, JobFiles
from core.services.job_stride import Stride, rows_at_once


@dataclass(slots=True)
class Work:
    """A step of a task, perhaps begun: `part` is None for the reading of the upload.

    `steps` is None until the step is first taken up.
    """

    part: int | None
    steps: Generator[None] | None = None
    attempts: int = 0

    def close(self) -> None:
        """Let go of what a step that was interrupted holds, such as a model."""
        if self.steps is not None:
            self.steps.close()
            self.steps = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is; `rows_total` is a guess until the upload was read to its end."""

    rows_total: int | None
    rows_done: int
    rows_failed: int
    eta_s: float | None = None
    rows_per_s: float | None = None


@dataclass(slots=True)
class Job:
    """An unfinished task. The runner's lock guards it.

    It is `held` while its service is paused, `stopped` once nothing of it is wanted any more, and
    `dropped` if its files are to go, too.
    """

    id: str
    files: JobFiles
    owner: str = ""
    version_id: str = ""
    info: ModelInfo | None = None
    ready: deque[Work] = field(default_factory=deque)
    in_flight: int = 0
    held: bool = False
    stopped: bool = False
    dropped: bool = False
    ingested: Ingested | None = None
    rows: dict[int, int] = field(default_factory=dict)
    done: dict[int, int] = field(default_factory=dict)
    failed: dict[int, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    done_before: int = 0
    stride: Stride = field(default_factory=lambda: Stride(1))

    @property
    def can_go_on(self) -> bool:
        """Return whether a step can be taken now."""
        return bool(self.ready) and not self.stopped and not self.held

    def open(self, version_id: str, info: ModelInfo) -> None:
        """Find out what an earlier run has done, and make ready what is left."""
        self.version_id, self.info = version_id, info
        self.stride = Stride(rows_at_once(info.input_schema))
        self.files.drop_unfinished()
        for part, (rows, failed) in self.files.scored().items():
            self.done[part], self.failed[part] = rows, failed
        self.start_clock()
        self.ingested = self.files.find_ingested()
        if self.ingested is None:
            self.ready.append(Work(None))
        else:
            for part, rows in enumerate(self.ingested.parts):
                self.add_part(part, rows)

    def start_clock(self) -> None:
        """Measure the pace from now on: what was done before was done at another time."""
        self.began, self.done_before = time.monotonic(), sum(self.done.values())

    def add_part(self, part: int, rows: int) -> None:
        """Take note of a part that is there to be scored, unless it was."""
        if part in self.rows:
            return
        self.rows[part] = rows
        if part not in self.failed:
            self.ready.append(Work(part))

    def take(self) -> Work | None:
        """Return the next step, if one can be taken now."""
        if not self.can_go_on:
            return None
        self.in_flight += 1
        return self.ready.popleft()

    def close(self) -> None:
        """Let go of what interrupted steps hold."""
        for work in self.ready:
            work.close()

    def progress(self, guess: int | None) -> Progress:
        """Return how far the task is; `guess` is what the number of rows seems to be."""
        done = sum(self.done.values())
        total = self.ingested.rows if self.ingested else max(guess or 0, sum(self.rows.values()))
        pace = (done - self.done_before) / max(time.monotonic() - self.began, 1e-9)
        failed = sum(self.failed.values())
        if not pace or self.held:
            return Progress(total, done, failed)
        return Progress(total, done, failed, round((total - done) / pace, 1), round(pace, 1))


class InlineWorkers:
    """Stands in for a pool of threads: turns are done when asked for, by the thread that asks."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def submit(self, turn: Callable[[Job, Work], None], job: Job, work: Work) -> None:
        """Put a turn at the end of the queue."""
        self._waiting.append(partial(turn, job, work))

    def run_until_idle(self) -> None:
        """Do the turns that wait, and those that they lead to."""
        while self._waiting:
            self._waiting.popleft()()

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        """Forget what waits, as a pool of threads does if told so."""
        if cancel_futures:
            self._waiting.clear()
        if wait:
            self.run_until_idle()
