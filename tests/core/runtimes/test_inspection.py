import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from core.errors import InvalidModel
from core.runtimes.base import ModelInfo, Runtime, Scorer
from core.runtimes.inspection import Inspected, choose_runtime, inspect_file
from tests.core.runtimes.onnx_models import linear_classifier, write

SECONDS = 120.0
MEMORY = 4 << 30

ZIP = b"PK\x03\x04" + b"\x00" * 60
PMML = b'<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"/>'


def inspected(path: Path, name: str, seconds: float = SECONDS, memory: int = MEMORY) -> Inspected:
    room = path.parent / "room"
    room.mkdir(exist_ok=True)
    return inspect_file(path, name, room, seconds=seconds, memory=memory)


def regression() -> LinearRegression:
    return LinearRegression().fit(np.array([[0.0], [1.0]]), [0.0, 2.0])


def test_a_file_that_is_loaded_as_it_is_stays_where_it_was(tmp_path: Path) -> None:
    path = write(linear_classifier(), tmp_path / "upload")
    found = inspected(path, "credit.onnx")
    assert found.path == path
    assert found.info.format == "onnx"
    assert list((tmp_path / "room").iterdir()) == []


def test_a_pickle_comes_back_as_skops_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(pickle.dumps(regression()))
    found = inspected(path, "model.pkl")
    assert list((tmp_path / "room").iterdir()) == [found.path]
    assert isinstance(skops.io.load(found.path), LinearRegression)


def test_the_child_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_SECRET", "hush")
    child = run_child(tmp_path, "import os; print(sorted(os.environ))")
    assert "SLIPWAY_SECRET" not in child
    assert "PATH" in child


def run_child(folder: Path, code: str) -> str:
    """Run code in the environment that the child gets, and return what it prints."""
    import subprocess

    from core.runtimes.inspection import _environment

    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=_environment(folder),
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout


def test_a_module_beside_the_upload_is_not_imported(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "msgspec.py").write_text("raise SystemExit(3)")
    (tmp_path / "msgspec.py").write_text("raise SystemExit(3)")
    path = write(linear_classifier(), tmp_path / "upload")
    assert inspected(path, "credit.onnx").info.format == "onnx"


def test_a_file_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = write(linear_classifier(), tmp_path / "upload")
    with pytest.raises(InvalidModel, match=r"within 0\.01 seconds"):
        inspected(path, "credit.onnx", seconds=0.01)
    assert list((tmp_path / "room").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_a_file_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\x80\x05\x8e" + (1 << 40).to_bytes(8, "little") + b"x" * 100)
    with pytest.raises(InvalidModel, match="1024 MiB"):
        inspected(path, "model.pkl", memory=1 << 30)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_a_file_that_ends_the_process_is_refused(tmp_path: Path) -> None:
    path = write(linear_classifier(), tmp_path / "upload")
    with pytest.raises(InvalidModel, match="ended the process"):
        inspected(path, "credit.onnx", memory=1 << 20)
    assert list((tmp_path / "room").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.onnx", b"", '"model.onnx" is empty'),
        ("model.onnx", b"just some words\n", "seems to be a text"),
        ("model.onnx", b'{"a": 1}', "seems to be a JSON text"),
        ("model.onnx", b"\0" * 100, "nothing but zeros"),
        ("model.onnx", ZIP, "named like ONNX but seems to be a zip archive"),
        ("model.pmml", ZIP, "named like PMML but seems to be a zip archive"),
        ("model.onnx", PMML, "named like ONNX but seems to be an XML document"),
        ("model.pkl", PMML, "named like scikit-learn but seems to be an XML document"),
        ("model.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 20, "an HDF5 file, as Keras writes them"),
        ("model.txt", b"tree\nversion=v4\n", "a LightGBM text model"),
        ("photo.jpg", b"\xff\xd8\xff\xe0", "a JPEG image"),
        ("report.pdf", b"%PDF-1.7", "a PDF document"),
        ("data.parquet", b"PAR1", "a Parquet file"),
        ("model.onnx", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("page.pmml", b"<!DOCTYPE html><html>", "an HTML page"),
        ("model.bin", bytes(range(200, 256)), "is no model that Slipway knows"),
    ],
)
def test_a_file_that_is_no_model_is_told_what_it_seems_to_be(
    name: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(InvalidModel) as caught:
        choose_runtime(path, name)
    assert sentence in caught.value.message


def test_a_refusal_says_what_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"just some words\n")
    with pytest.raises(InvalidModel, match=r"PMML \(\.pmml, \.xml\), ONNX \(\.onnx\) and scikit"):
        choose_runtime(path, "notes.txt")


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("model.onnx", linear_classifier().SerializeToString(), "onnx"),
        ("model", linear_classifier().SerializeToString(), "onnx"),
        ("MODEL.ONNX", linear_classifier().SerializeToString(), "onnx"),
        ("tree.pmml", PMML, "pmml"),
        ("tree.xml", PMML, "pmml"),
        ("tree.txt", PMML, "pmml"),
        ("tree", PMML.decode().encode("utf-16"), "pmml"),
        ("model.skops", ZIP, "sklearn"),
        ("model", pickle.dumps([1]), "sklearn"),
        ("model.pkl", pickle.dumps({1}, protocol=0), "sklearn"),
    ],
)
def test_the_content_decides_before_the_name(
    name: str, content: bytes, format_: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert choose_runtime(path, name).format == format_


class Wide(Runtime):
    """It takes whatever has its suffix, and recognises nothing."""

    format = "wide"
    label = "Wide"
    suffixes = (".wide",)

    def recognises(self, head: bytes) -> bool:
        return False

    def inspect(self, path: Path, converted: Path) -> ModelInfo:
        raise NotImplementedError

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        raise NotImplementedError


def test_the_name_decides_where_the_content_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(os.urandom(4) + b"\xfe\x00\x01\xc3")
    assert choose_runtime(path, "model.wide", [Wide()]).format == "wide"


def test_a_long_and_strange_name_is_shown_short(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"")
    with pytest.raises(InvalidModel) as caught:
        choose_runtime(path, "\x1b[31m" + "a" * 5000)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 200
