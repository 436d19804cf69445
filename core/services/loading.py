"""Loads the models of versions, and knows why one cannot be loaded."""

import logging
from pathlib import Path

from core.errors import InternalError, ModelUnavailable, Overloaded, SlipwayError
from core.files import Files, sha256_of
from core.runtimes import Runtimes
from core.runtimes.base import Scorer
from core.services.approvals import Approvals
from core.services.model_views import VersionView
from core.services.models import Models

_logger = logging.getLogger(__name__)


class Loader:
    """Loads scorers by the id of a version, for the cache.

    What failed last is kept in memory for each version until it loads again: whoever looks at a
    service is told, and not only whoever calls it.
    """

    def __init__(
        self, models: Models, files: Files, runtimes: Runtimes, approvals: Approvals
    ) -> None:
        self._models = models
        self._files = files
        self._runtimes = runtimes
        self._approvals = approvals
        self._problems: dict[str, str] = {}

    def load(self, version_id: str) -> Scorer:
        """Return a new scorer of a version.

        Raises ModelUnavailable for a file that is gone, damaged, refused by its engine or no
        longer approved, and VersionNotFound, Overloaded and InternalError, which are not the
        file's fault.
        """
        view = self._models.get_version(version_id)
        try:
            scorer = self._opened(view)
        except SlipwayError as error:
            self._problems[version_id] = error.message
            raise
        self._problems.pop(version_id, None)
        return scorer

    def find_problem(self, version_id: str) -> str | None:
        """Return the sentence that says why a version could not be loaded when last tried."""
        return self._problems.get(version_id)

    def _opened(self, view: VersionView) -> Scorer:
        path = self._files.artifact(view.artifact)
        try:
            self._approvals.require(view.source, view.declared.trusted)
            return self._runtimes.load(path, view.declared)
        except (Overloaded, InternalError):
            raise
        except Exception as error:
            raise ModelUnavailable(
                f'Version {view.number} of "{view.model.name}" cannot be loaded: '
                f"{_reason(path, view.artifact, error)}"
            ) from error


def _reason(path: Path, sha256: str, error: Exception) -> str:
    if not path.is_file():
        return (
            "its file is missing from the storage folder. Restore it from a backup, or upload "
            "the file as a new version and switch to that."
        )
    if sha256_of(path) != sha256:
        return (
            "its file is damaged, for the content is not what was stored. Restore it from a "
            "backup, or upload the file as a new version and switch to that."
        )
    if isinstance(error, SlipwayError):
        return error.message
    _logger.error("An engine fails on %s", path, exc_info=error)
    return f"its engine fails on the file ({type(error).__name__}); the log says more."
