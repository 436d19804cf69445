"""Hostile and damaged files: refused with a sentence, nothing of them carried out, nothing left."""

import gzip
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from core.errors import InvalidModel
from core.runtimes.base import Runtime
from core.runtimes.inspection import choose_runtime, inspect_file
from core.runtimes.onnx import OnnxRuntime
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes import hostile
from tests.core.runtimes.hostile import DEPTH, Make
from tests.core.runtimes.onnx_models import (
    FLOAT,
    INT64,
    identity,
    linear_classifier,
    model,
    node,
    tensor,
)


def _pickled(make: Callable[[Path], object]) -> Make:
    return lambda mark: pickle.dumps(make(mark))


PICKLES: dict[str, Make] = {
    **{f"calls {name}": _pickled(make) for name, make in hostile.CALLED.items()},
    **{f"opcodes: {name}": make for name, make in hostile.OPCODES.items()},
    **{f"wrapped: {name}": make for name, make in hostile.WRAPPED.items()},
    **{f"content: {name}": make for name, make in hostile.CONTENT.items()},
    **{f"damaged: {name}": make for name, make in hostile.DAMAGED.items()},
    **{f"skops: {name}": make for name, make in hostile.SKOPS.items()},
}


def refused(runtime: Runtime, content: bytes, folder: Path) -> str:
    """Inspect a file in this process, where any harm would show; return the refusal."""
    path = folder / "upload"
    path.write_bytes(content)
    with pytest.raises(InvalidModel) as caught:
        runtime.inspect(path, folder / "converted")
    assert caught.value.message.endswith(".")
    assert len(caught.value.message) < 1000
    return caught.value.message


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_scikit_learn_file_is_refused_and_nothing_of_it_is_carried_out(
    name: str, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    refused(ScikitRuntime(), PICKLES[name](mark), tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["calls os.system", "calls builtins.eval", "opcodes: GLOBAL"])
def test_a_refusal_names_what_was_asked_for(name: str, tmp_path: Path) -> None:
    asked = {"calls builtins.eval": "builtins.eval"}.get(name, "posix.system")
    assert asked in refused(ScikitRuntime(), PICKLES[name](tmp_path / "mark"), tmp_path)


# --- ONNX ------------------------------------------------------------------------------------


def endless() -> onnx.ModelProto:
    body = helper.make_graph(
        [node("Identity", ["go"], ["go_on"]), node("Identity", ["x_in"], ["x_out"])],
        "body",
        [
            tensor("i", INT64, []),
            tensor("go", onnx.TensorProto.BOOL, []),
            tensor("x_in", FLOAT, ["N"]),
        ],
        [tensor("go_on", onnx.TensorProto.BOOL, []), tensor("x_out", FLOAT, ["N"])],
    )
    turns = numpy_helper.from_array(np.array(2**62, np.int64), "turns")
    loop = node("Loop", ["turns", "", "x"], ["y"], body=body)
    return model(
        [loop], [tensor("x", FLOAT, ["N"])], [tensor("y", FLOAT, ["N"])], constants=[turns]
    )


def enormous() -> onnx.ModelProto:
    size = numpy_helper.from_array(np.array([1 << 40], np.int64), "size")
    nodes = [node("ConstantOfShape", ["size"], ["big"]), node("Add", ["x", "big"], ["y"])]
    return model(nodes, [tensor("x", FLOAT, ["N"])], [tensor("y", FLOAT, ["N"])], constants=[size])


def circular() -> onnx.ModelProto:
    nodes = [node("Identity", ["b"], ["a"]), node("Identity", ["a"], ["b"])]
    return model(nodes, [tensor("x", FLOAT, ["N"])], [tensor("b", FLOAT, ["N"])])


def with_dimensions(*dims: int) -> onnx.ModelProto:
    weights = onnx.TensorProto(name="w", data_type=FLOAT, dims=dims, raw_data=b"\0\0\0\0")
    add = node("Add", ["x", "w"], ["y"])
    return model(
        [add], [tensor("x", FLOAT, ["N"])], [tensor("y", FLOAT, ["N"])], constants=[weights]
    )


WHOLE = linear_classifier().SerializeToString()
ONNX: dict[str, bytes] = {
    **{
        f"cut off after {part} %": WHOLE[: len(WHOLE) * part // 100] for part in (3, 20, 50, 80, 99)
    },
    "no graph": onnx.ModelProto(ir_version=8).SerializeToString(),
    "an empty graph": model([], [], []).SerializeToString(),
    "an output that nothing gives": model([], [], [tensor("y", FLOAT, [1])]).SerializeToString(),
    "a graph that goes in a circle": circular().SerializeToString(),
    "weights that are not there": with_dimensions(1 << 30, 1 << 10).SerializeToString(),
    "weights of a negative size": with_dimensions(-5).SerializeToString(),
    "an operator that does not exist": model(
        [node("Dream", ["x"], ["y"])], [tensor("x", FLOAT, ["N"])], [tensor("y", FLOAT, ["N"])]
    ).SerializeToString(),
    "messages nested too deep": b"\x3a\x05" * DEPTH,
    "zeros": b"\0" * (10 << 20),
}


@pytest.mark.parametrize("name", ONNX)
def test_a_hostile_onnx_file_is_refused(name: str, tmp_path: Path) -> None:
    refused(OnnxRuntime(), ONNX[name], tmp_path)


def test_a_loop_without_end_is_refused_at_the_deadline(tmp_path: Path) -> None:
    message = refused(OnnxRuntime(seconds=1), endless().SerializeToString(), tmp_path)
    assert "within 1 seconds" in message


# --- PMML ------------------------------------------------------------------------------------

_HEAD = '<?xml version="1.0"?>'
_ROOT = '<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">'
_SECRET = '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
_LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
PMML: dict[str, str] = {
    "an entity that reads a file": f"{_HEAD}{_SECRET}{_ROOT}<Header copyright='&x;'/></PMML>",
    "an entity of the network": f'{_HEAD}<!DOCTYPE PMML [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]>'
    f"{_ROOT}&x;</PMML>",
    "a document type elsewhere": f'{_HEAD}<!DOCTYPE PMML SYSTEM "http://127.0.0.1:9/x.dtd">{_ROOT}</PMML>',
    "a parameter entity": (
        f'{_HEAD}<!DOCTYPE PMML [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>{_ROOT}</PMML>'
    ),
    "a billion laughs": f'{_HEAD}<!DOCTYPE PMML [<!ENTITY a0 "ha">{_LAUGHS}]>{_ROOT}&a11;</PMML>',
    "an empty document type": f"{_HEAD}<!DOCTYPE PMML>{_ROOT}</PMML>",
    "cut off": f"{_HEAD}{_ROOT}<Header",
    "no model": f"{_HEAD}{_ROOT}<Header/><DataDictionary/></PMML>",
    "another root": f"{_HEAD}<html><PMML/></html>",
    "words after the end": f"{_HEAD}{_ROOT}</PMML>and more",
    "an encoding that does not exist": f'<?xml version="1.0" encoding="klingon"?>{_ROOT}</PMML>',
}


@pytest.mark.parametrize("name", PMML)
def test_a_hostile_pmml_file_is_refused(name: str, tmp_path: Path) -> None:
    message = refused(PmmlRuntime(), PMML[name].encode(), tmp_path)
    assert (tmp_path / "upload").exists()
    assert Path("/etc/hostname").read_text().strip() not in message or not message


# --- through the child, as the platform does it ----------------------------------------------

UPLOADS: dict[str, tuple[str, Make]] = {
    "a pickle that ends the process": (
        "model.pkl",
        lambda _: pickle.dumps(hostile.Calls("os", "_exit", 0)),
    ),
    "a pickle that touches a file": (
        "model.pkl",
        lambda mark: pickle.dumps(hostile.touch(mark)),
    ),
    "a pickle nested a million deep": (
        "model.pkl",
        lambda _: b"\x80\x02" + b"]" * DEPTH + b"a" * (DEPTH - 1) + b".",
    ),
    "a bomb of zeros": (
        "model.pkl",
        lambda _: gzip.compress(b"\x80\x04\x8e" + (1 << 33).to_bytes(8, "little") + bytes(1 << 26)),
    ),
    "a zip bomb": ("model.skops", hostile.SKOPS["a zip bomb"]),
    "more memory than there is": ("model.onnx", lambda _: enormous().SerializeToString()),
    "noise": ("model.onnx", lambda _: random.Random(1).randbytes(100_000)),
    "noise under no name": ("model", lambda _: random.Random(2).randbytes(100_000)),
    "a document nested a million deep": (
        "model.pmml",
        lambda _: f"{_HEAD}{_ROOT}{'<Extension>' * DEPTH}".encode(),
    ),
    "an entity that reads a file": (
        "model.pmml",
        lambda _: PMML["an entity that reads a file"].encode(),
    ),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_hostile_upload_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    file_name, make = UPLOADS[name]
    mark, path, room = tmp_path / "mark", tmp_path / "upload", tmp_path / "room"
    path.write_bytes(make(mark))
    room.mkdir()
    with pytest.raises(InvalidModel) as caught:
        inspect_file(path, file_name, room, seconds=60, memory=2 << 30)
    assert caught.value.message.endswith(".")
    assert not mark.exists()
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_model_with_flipped_bytes_is_scored_or_refused_and_nothing_else(
    seed: int, tmp_path: Path
) -> None:
    damaged = bytearray(identity(tensor("x", FLOAT, ["N", 2])).SerializeToString())
    chance = random.Random(seed)
    for _ in range(4):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    path = tmp_path / "upload"
    path.write_bytes(damaged)
    try:
        choose_runtime(path, "model.onnx").inspect(path, tmp_path / "converted")
    except InvalidModel as refusal:
        assert refusal.message.endswith((".", "…"))  # noqa: PT017 - either end is right
