"""Loads the models of running services before anybody calls them."""

import logging
from concurrent.futures import ThreadPoolExecutor

from core.errors import SlipwayError
from core.runtimes.cache import ScorerCache
from core.services.deployment_views import Live
from core.services.deployments import Deployments

_logger = logging.getLogger(__name__)


class Warming:
    """One thread that loads what is deployed, at the start and after each change.

    A model that cannot be loaded is logged and left: the call that needs it tells its caller why.
    """

    def __init__(self, deployments: Deployments, scorers: ScorerCache[str], most: int) -> None:
        self._scorers = scorers
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warming")
        deployments.on_refresh(self.warm)
        self.warm(deployments.running())

    def warm(self, lives: list[Live]) -> None:
        """Have the models of these services loaded soon, as many as are kept in memory."""
        for version_id in {live.version_id: live for live in lives[: self._most]}:
            if not self._scorers.is_loaded(version_id):
                self._thread.submit(self._load, version_id)

    def close(self) -> None:
        """Load nothing more, and wait for what is being loaded."""
        self._thread.shutdown(cancel_futures=True)

    def _load(self, version_id: str) -> None:
        try:
            with self._scorers.get(version_id):
                _logger.debug("Loaded version %s", version_id)
        except SlipwayError as error:
            _logger.warning(
                "Version %s of a service cannot be loaded: %s", version_id, error.message
            )
        except Exception:
            _logger.exception("Version %s of a service cannot be loaded", version_id)
