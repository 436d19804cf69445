"""How services are doing: their health, by thresholds that their owners choose (P2, P6, I21)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from core.db.engine import Database
from core.db.tables import Deployment, utc_now
from core.services import events
from core.services.accounts import Caller
from core.services.call_summary import NO_CALLS, CallStatus
from core.services.call_sums import MINUTES, start_of
from core.services.calls import Calls
from core.services.deployment_views import (
    DeploymentView,
    changeable_deployment,
    deployment_views,
    no_such_deployment,
)
from core.services.model_rights import visible
from core.services.thresholds import (
    USUAL,
    Health,
    Thresholds,
    all_thresholds,
    check_thresholds,
    health_of,
    read_thresholds,
    write_thresholds,
)


class Watching:
    """Judges services; `problem_of` says why a version cannot be loaded, or None."""

    def __init__(
        self,
        database: Database,
        calls: Calls,
        problem_of: Callable[[str], str | None],
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._calls = calls
        self._problem_of = problem_of
        self._now = now

    def health(self, caller: Caller, deployment_id: str) -> Health:
        """Return how a service is doing; raises DeploymentNotFound."""
        with self._database.reading() as session:
            views = deployment_views(session, Deployment.id == deployment_id, visible(caller))
        if not views:
            raise no_such_deployment()
        return self.healths(views)[deployment_id]

    def healths(self, services: Iterable[DeploymentView]) -> dict[str, Health]:
        """Return how services, which the caller was shown, are doing, by their ids."""
        with self._database.reading() as session:
            own = all_thresholds(session)
        chosen = {service: own.get(service.id, USUAL) for service in services}
        lately = self._lately({service.id: each.minutes for service, each in chosen.items()})
        return {
            service.id: health_of(
                lately.get(service.id, NO_CALLS), each, self._problem_of(service.version_id)
            )
            for service, each in chosen.items()
        }

    def thresholds(self, caller: Caller, deployment_id: str) -> Thresholds:
        """Return from when on a service is in trouble; raises DeploymentNotFound."""
        with self._database.reading() as session:
            if not deployment_views(session, Deployment.id == deployment_id, visible(caller)):
                raise no_such_deployment()
            return read_thresholds(session, deployment_id)

    def set_thresholds(self, caller: Caller, deployment_id: str, chosen: Thresholds) -> None:
        """Say from when on a service is in trouble.

        Raises DeploymentNotFound, NotAllowed, and InvalidInput for what makes no sense.
        """
        check_thresholds(chosen)
        with self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            write_thresholds(session, row.id, chosen)
            events.record(session, caller, "changed the thresholds", "deployment", row.id, row.name)

    def _lately(self, minutes: dict[str, int]) -> dict[str, CallStatus]:
        """Return the calls of services, each over so many whole minutes and the one under way."""
        groups: dict[int, list[str]] = defaultdict(list)
        for deployment_id, length in minutes.items():
            groups[length].append(deployment_id)
        found: dict[str, CallStatus] = {}
        for length, ids in groups.items():
            since = start_of(self._now() - timedelta(minutes=length), MINUTES.span)
            found |= self._calls.grouped(MINUTES, ids, since, lambda rows: rows.c.deployment_id)
        return found
