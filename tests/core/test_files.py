import hashlib
import io
import stat
import threading
from pathlib import Path

import pytest

from core.errors import InvalidInput, TooLarge
from core.files import Files, readable_size, replacing, sha256_of, write_atomically

LIMIT = 3 << 20


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def _everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_is_staged_with_its_size_and_hash(files: Files) -> None:
    content = bytes(range(256)) * 8_000
    staged = files.stage(io.BytesIO(content), "churn.pmml", LIMIT)
    assert staged.path.read_bytes() == content
    assert staged.size == len(content)
    assert staged.sha256 == hashlib.sha256(content).hexdigest()


def test_an_upload_of_exactly_the_limit_is_taken(files: Files) -> None:
    assert files.stage(io.BytesIO(b"x" * LIMIT), "a", LIMIT).size == LIMIT


def test_an_upload_over_the_limit_leaves_nothing(files: Files, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="3 MiB"):
        files.stage(io.BytesIO(b"x" * (LIMIT + 1)), "a", LIMIT)
    assert _everything_in(tmp_path) == []


def test_an_empty_upload_is_refused_and_leaves_nothing(files: Files, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        files.stage(io.BytesIO(b""), "a", LIMIT)
    assert _everything_in(tmp_path) == []


def test_an_upload_that_breaks_off_leaves_nothing(files: Files, tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def __init__(self) -> None:
            self.blocks = [b"first block"]

        def read(self, size: int = -1) -> bytes:
            if not self.blocks:
                raise ConnectionError("gone")
            return self.blocks.pop()

    with pytest.raises(ConnectionError):
        files.stage(Broken(), "a", LIMIT)  # type: ignore[arg-type]
    assert _everything_in(tmp_path) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("churn.pmml", "churn.pmml"),
        ("../../etc/passwd", "passwd"),
        ("C:\\models\\churn.pmml", "churn.pmml"),
        ("客户流失.onnx", "客户流失.onnx"),
        ("a\x00b\n.csv", "ab.csv"),
        ("", "file"),
        ("folder/", "file"),
    ],
)
def test_a_file_name_is_the_last_part_of_what_was_sent(files: Files, sent: str, kept: str) -> None:
    assert files.stage(io.BytesIO(b"x"), sent, LIMIT).name == kept


def test_a_very_long_file_name_keeps_its_suffix(files: Files) -> None:
    name = files.stage(io.BytesIO(b"x"), "m" * 999 + ".onnx", LIMIT).name
    assert len(name) == 255
    assert name.endswith(".onnx")


def test_uploads_from_before_are_gone_after_a_start(files: Files, tmp_path: Path) -> None:
    staged = files.stage(io.BytesIO(b"x"), "a", LIMIT)
    Files(tmp_path)
    assert not staged.path.exists()


def test_equal_files_are_one_artifact_named_by_its_content(files: Files, tmp_path: Path) -> None:
    names = {files.keep(_write(tmp_path / name, b"model")) for name in ("one", "two")}
    assert names == {hashlib.sha256(b"model").hexdigest()}
    assert files.artifact(names.pop()).read_bytes() == b"model"
    assert len(_everything_in(tmp_path / "artifacts")) == 1


def test_a_kept_file_stays_where_it_came_from(files: Files, tmp_path: Path) -> None:
    source = _write(tmp_path / "one", b"model")
    files.keep(source)
    assert source.read_bytes() == b"model"


def test_a_dropped_artifact_is_gone_and_can_be_dropped_again(files: Files, tmp_path: Path) -> None:
    sha256 = files.keep(_write(tmp_path / "one", b"model"))
    files.drop(sha256)
    files.drop(sha256)
    assert not files.artifact(sha256).exists()


def test_what_a_power_cut_left_half_copied_is_gone_after_a_start(
    files: Files, tmp_path: Path
) -> None:
    sha256 = files.keep(_write(tmp_path / "one", b"model"))
    half = _write(files.artifact(sha256).with_name(f".{sha256}.0.tmp"), b"mod")
    assert files.artifacts() == [sha256]
    assert Files(tmp_path).artifacts() == [sha256]
    assert not half.exists()


def test_the_folder_of_a_task_is_made_and_dropped_with_its_content(files: Files) -> None:
    folder = files.job("a1")
    (folder / "parts").mkdir()
    write_atomically(folder / "parts" / "0.parquet", b"rows")
    assert files.job("a1") == folder
    files.drop_job("a1")
    assert not folder.exists()
    files.drop_job("a1")


def test_a_secret_stays_the_same_and_is_the_owners_alone(files: Files, tmp_path: Path) -> None:
    secret = files.secret("cookie")
    assert Files(tmp_path).secret("cookie") == secret
    assert files.secret("other") != secret
    assert len(secret) == 43
    assert stat.S_IMODE((tmp_path / "secrets" / "cookie").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_threads_that_ask_first_get_the_same_secret(files: Files) -> None:
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(files.secret("k"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_a_replacement_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = _write(tmp_path / "state", b"old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert _everything_in(tmp_path) == [path]


def test_a_replacement_is_unseen_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "state"
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert sha256_of(path) == hashlib.sha256(b"new").hexdigest()


@pytest.mark.parametrize(
    ("size", "said"),
    [(12, "12 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1 << 30, "1 GiB"), (5 << 40, "5 TiB")],
)
def test_sizes_are_said_as_people_say_them(size: int, said: str) -> None:
    assert readable_size(size) == said


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
