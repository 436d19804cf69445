"""How services are doing: their health, by thresholds that their owners choose (P2, P6, I21)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from core.db.engine import Database
from core.db.tables import Deployment, utc_now
from core.errors import NotAllowed
from core.services import events
from core.services.accounts import Caller
from core.services.call_lists import Part
from core.services.call_records import CallRecord
from core.services.call_summary import NO_CALLS, CallStatus
from core.services.call_sums import MINUTES, start_of
from core.services.call_views import CallView, few_parts, names_of, with_names
from core.services.calls import Calls
from core.services.deployment_views import (
    DeploymentView,
    State,
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
        return self.healths([self._require_seen(caller, deployment_id)])[deployment_id]

    def healths(self, services: Iterable[DeploymentView]) -> dict[str, Health]:
        """Return how services, which the caller was shown, are doing, by their ids."""
        with self._database.reading() as session:
            own = all_thresholds(session)
        chosen = {service: own.get(service.id, USUAL) for service in services}
        lately = self._lately({service.id: each.minutes for service, each in chosen.items()})
        return {
            service.id: health_of(lately.get(service.id, NO_CALLS), each, self._problem(service))
            for service, each in chosen.items()
        }

    def status(self, caller: Caller, deployment_id: str, window: str) -> CallStatus:
        """Return what `Calls.status` does; raises DeploymentNotFound, too."""
        self._require_seen(caller, deployment_id)
        return self._calls.status(deployment_id, window)

    def series(self, caller: Caller, deployment_id: str, window: str) -> pa.Table:
        """Return what `Calls.series` does for one service; raises DeploymentNotFound, too."""
        self._require_seen(caller, deployment_id)
        return self._calls.series(deployment_id, window)

    def parts(self, caller: Caller, deployment_id: str, window: str, by: Part) -> pa.Table:
        """Return what `Calls.parts` does, the eight largest parts and the others together.

        Who called is for those to know who may change the service: raises NotAllowed for others.
        Callers are told by their names.
        """
        if by is not Part.CALLER:
            self._require_seen(caller, deployment_id)
            return few_parts(self._calls.parts(deployment_id, window, by))
        with self._database.reading() as session:
            changeable_deployment(session, caller, deployment_id)
        found = self._calls.parts(deployment_id, window, by)
        with self._database.reading() as session:
            return few_parts(with_names(session, found))

    def failed(self, caller: Caller, deployment_id: str, window: str) -> list[CallView]:
        """Return the newest failed calls of a window; raises DeploymentNotFound."""
        named = self._may_change(caller, deployment_id)
        return self._viewed(self._calls.failed(deployment_id, window), named)

    def slowest(self, caller: Caller, deployment_id: str, window: str) -> list[CallView]:
        """Return the calls of a window that took longest; raises DeploymentNotFound."""
        named = self._may_change(caller, deployment_id)
        return self._viewed(self._calls.slowest(deployment_id, window), named)

    def thresholds(self, caller: Caller, deployment_id: str) -> Thresholds:
        """Return from when on a service is in trouble; raises DeploymentNotFound."""
        self._require_seen(caller, deployment_id)
        with self._database.reading() as session:
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

    def _require_seen(self, caller: Caller, deployment_id: str) -> DeploymentView:
        with self._database.reading() as session:
            for view in deployment_views(session, Deployment.id == deployment_id, visible(caller)):
                return view
        raise no_such_deployment()

    def _may_change(self, caller: Caller, deployment_id: str) -> bool:
        """Return whether the caller may change a service; raises DeploymentNotFound."""
        with self._database.reading() as session:
            try:
                changeable_deployment(session, caller, deployment_id)
            except NotAllowed:
                return False
        return True

    def _viewed(self, records: Sequence[CallRecord], named: bool) -> list[CallView]:
        if not named:
            return [CallView(record, None) for record in records]
        with self._database.reading() as session:
            names = names_of(session, {record.caller_id for record in records})
        return [CallView(record, names[record.caller_id]) for record in records]

    def _problem(self, service: DeploymentView) -> str | None:
        if service.state is State.PAUSED:
            return None  # nobody can call it anyway
        return self._problem_of(service.version_id)

    def _lately(self, minutes: dict[str, int]) -> dict[str, CallStatus]:
        """Return the calls of services, each over so many whole minutes and the one under way."""
        groups: dict[int, list[str]] = defaultdict(list)
        for deployment_id, length in minutes.items():
            groups[length].append(deployment_id)
        found: dict[str, CallStatus] = {}
        for length, ids in groups.items():
            since = start_of(self._now() - timedelta(minutes=length), MINUTES.span)
            found |= self._calls.by_service(MINUTES, ids, since)
        return found
