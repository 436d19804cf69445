"""What lies under the storage folder beside the database, and how it gets there whole.

incoming/           uploads being received; emptied at every start
artifacts/ab/<sha>  model files, named by their content
jobs/<task id>/     the parts of one task
secrets/<name>      keys made at first use, readable by the owner of the process alone
"""

import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.errors import InvalidInput, TooLarge

_BLOCK = 1 << 20
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Staged:
    """An upload that was received whole: where it lies, what the sender called it, its bytes."""

    path: Path
    name: str
    size: int
    sha256: str


class Files:
    """The folders of one storage; threads may share it."""

    def __init__(self, storage: Path) -> None:
        self.root = storage
        self._incoming = storage / "incoming"
        self._artifacts = storage / "artifacts"
        self._jobs = storage / "jobs"
        self._secrets = storage / "secrets"
        self._making_secret = threading.Lock()
        storage.mkdir(parents=True, exist_ok=True)
        storage.chmod(0o700)  # password hashes and models are nobody else's on this machine
        shutil.rmtree(self._incoming, ignore_errors=True)
        for folder in (self._incoming, self._artifacts, self._jobs):
            folder.mkdir(parents=True, exist_ok=True)
        self._secrets.mkdir(mode=0o700, exist_ok=True)
        for path in filter(_is_temporary, self._artifacts.glob("*/*")):
            path.unlink()

    def stage(self, source: BinaryIO, name: str, limit: int) -> Staged:
        """Receive an upload in blocks of 1 MiB, hashing as it comes.

        `limit` is in bytes. The file is the caller's to remove once it is kept or refused. Raises
        TooLarge as soon as the limit is passed, and InvalidInput for an empty file.
        """
        path = self._incoming / uuid4().hex
        try:
            size, sha256 = _receive(source, path, limit)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Staged(path, _file_name(name), size, sha256)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder that goes at the end with all that is in it."""
        folder = self._incoming / uuid4().hex
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, path: Path) -> str:
        """Copy a file among the artifacts and return its SHA-256; the source stays."""
        sha256 = sha256_of(path)
        target = self.artifact(sha256)
        if not target.exists():
            with replacing(target) as temporary:
                shutil.copyfile(path, temporary)
        return sha256

    def artifact(self, sha256: str) -> Path:
        """Return where the artifact of this content lies, or would lie."""
        return self._artifacts / sha256[:2] / sha256

    def artifacts(self) -> list[str]:
        """Return the SHA-256 of every artifact that is there."""
        return [path.name for path in self._artifacts.glob("*/*") if not _is_temporary(path)]

    def artifact_sizes(self) -> dict[str, int]:
        """Return the bytes of every artifact by its SHA-256; one that goes meanwhile has none."""
        return {sha256: _size_of(self.artifact(sha256)) for sha256 in self.artifacts()}

    def drop(self, sha256: str) -> None:
        """Remove an artifact; one that is gone already is no error."""
        self.artifact(sha256).unlink(missing_ok=True)

    def job(self, task_id: str) -> Path:
        """Return the folder of one task, made if it is not there."""
        folder = self._jobs / task_id
        folder.mkdir(exist_ok=True)
        return folder

    def job_ids(self) -> list[str]:
        """Return the ids of the tasks that have a folder."""
        return sorted(folder.name for folder in self._jobs.iterdir())

    def job_size(self, task_id: str) -> int:
        """Return how many bytes the files of one task have; none if they are gone."""
        return _size_within(self._jobs / task_id)

    def job_sizes(self) -> dict[str, int]:
        """Return what `job_size` does for every task that has a folder."""
        return {task_id: self.job_size(task_id) for task_id in self.job_ids()}

    def job_changed(self, task_id: str) -> datetime:
        """Return when (UTC) something was last added to the folder of a task; raises OSError."""
        changed = (self._jobs / task_id).lstat().st_mtime
        return datetime.fromtimestamp(changed, UTC).replace(tzinfo=None)

    def database_size(self) -> int:
        """Return how many bytes the database has on disk, with what is not yet merged into it."""
        return sum(_size_of(path) for path in self.root.glob("*.duckdb*"))

    def other_size(self) -> int:
        """Return how many bytes lie in the folder beside the database, artifacts and tasks."""
        known = {self._artifacts, self._jobs, *self.root.glob("*.duckdb*")}
        others = [path for path in self.root.iterdir() if path not in known]
        return sum(_size_within(path) if path.is_dir() else _size_of(path) for path in others)

    def drop_job(self, task_id: str) -> None:
        """Remove the folder of one task with all that is in it."""
        shutil.rmtree(self._jobs / task_id, ignore_errors=True)

    def secret(self, name: str) -> str:
        """Return the secret of this name: 43 random URL-safe characters, made at first use."""
        path = self._secrets / name
        with self._making_secret:
            if not path.exists():
                with replacing(path) as temporary:
                    temporary.touch(mode=0o600)
                    temporary.write_text(secrets.token_urlsafe(32), encoding="ascii")
            return path.read_text(encoding="ascii")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there takes its place at the end.

    Readers see the old file or the whole new one, also after a power cut. If the body raises,
    `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half written."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def duplicate(path: Path, target: Path) -> None:
    """Give a file that never changes a second name; copy it where the disk has no links.

    Raises FileNotFoundError where it is gone.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, target)


def sync_tree(folder: Path) -> None:
    """Make everything in a folder survive a power cut."""
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def _receive(source: BinaryIO, path: Path, limit: int) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as target:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise TooLarge(f"The file is larger than the {readable_size(limit)} allowed here.")
            digest.update(block)
            target.write(block)
    if not size:
        raise InvalidInput("The file is empty; choose a file that has content.")
    return size, digest.hexdigest()


def readable_size(size: int) -> str:
    """Return a number of bytes as a person would say it, for example `1.5 GiB`."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.{4 if amount >= 1000 else 3}g} {unit}"
        amount /= 1024
    return f"{amount:.4g} TiB"


def _is_temporary(path: Path) -> bool:
    """Return whether a file was left by a `replacing` that a power cut ended."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


def _size_within(folder: Path) -> int:
    """Return the bytes of all files in a folder; somebody may remove it meanwhile."""
    return sum(_size_of(Path(at) / name) for at, _, names in os.walk(folder) for name in names)


def _size_of(path: Path) -> int:
    """Return the bytes of a file; somebody may remove it meanwhile."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _file_name(name: str) -> str:
    """Return the last part of a name that a client sent, without what no file name holds."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(letter for letter in last if letter.isprintable()).strip()
    return printable[-_LONGEST_NAME:] or "file"


def _sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
