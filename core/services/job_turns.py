"""Whose turn it is: the owners of tasks one after the other, and the tasks of each in turn.

Thirty tasks of one person so take as long a turn together as the one task of another.
"""

from collections import deque
from collections.abc import Iterator

from core.services.job_queue import Job, Work


class Turns:
    """The tasks that are at work, in the order of their turns. The runner's lock guards it."""

    def __init__(self) -> None:
        self._of_owner: dict[str, deque[Job]] = {}

    def __iter__(self) -> Iterator[Job]:
        for jobs in self._of_owner.values():
            yield from jobs

    def add(self, job: Job) -> None:
        """Let a task take its turn after the others of its owner."""
        self._of_owner.setdefault(job.owner, deque()).append(job)

    def remove(self, job: Job) -> None:
        """Take a task out."""
        jobs = self._of_owner[job.owner]
        jobs.remove(job)
        if not jobs:
            del self._of_owner[job.owner]

    def next(self) -> tuple[Job, Work] | None:
        """Return the next step that can be taken, and put its owner and task behind the others."""
        for owner, jobs in self._of_owner.items():
            found = _next(jobs)
            if found is not None:
                self._of_owner[owner] = self._of_owner.pop(owner)
                return found
        return None

    def others_wait(self, job: Job) -> bool:
        """Return whether another task could take a step if it were given a turn."""
        return any(other.can_go_on for other in self if other is not job)


def _next(jobs: deque[Job]) -> tuple[Job, Work] | None:
    for _ in range(len(jobs)):
        job = jobs[0]
        jobs.rotate(-1)
        work = job.take()
        if work is not None:
            return job, work
    return None
