"""Files that came through the browser, on their way into the platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import InvalidInput
from core.files import Staged
from pages.components import session
from pages.components.language import _


@contextmanager
def received(upload: UploadedFile | None, limit: int) -> Iterator[Staged]:
    """Yield an uploaded file as it lies in the storage; what nobody kept goes at the end.

    Raises InvalidInput where no file was chosen, and what `Files.stage` raises.
    """
    if upload is None:
        raise InvalidInput(_("No file is chosen yet; choose one first."))
    upload.seek(0)  # an earlier run has read it to its end
    staged = session.platform().files.stage(upload, upload.name, limit)
    try:
        yield staged
    finally:
        staged.path.unlink(missing_ok=True)


def title_of(upload: UploadedFile | None) -> str:
    """Return a file's name without its ending: what a thing is called until it has a name."""
    return Path(upload.name).stem if upload else ""
