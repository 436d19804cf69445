"""Digits from a picture, in ONNX: a net of two layers, trained on scikit-learn's own digits."""

import io
import json
import zipfile
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from core.runtimes.edits import FieldEdit, SchemaEdits
from core.samples.sample import Sample

_SIDE = 8
_WHITEST = 16  # the pixels of the digits go from 0 to 16
_KEPT_BACK = 60  # digits that the model never sees, for the pictures
_PICTURES = range(8, 20)  # each of the ten at least once
_HIDDEN, _EPOCHS = 48, 25
_PICTURE_SIDE = 64
_OPSET, _IR = 17, 8
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold, so that it is always the same


def _write() -> bytes:
    """Return the model: pixels of 0 to 1 in, laid flat, and the chance of each digit out."""
    digits = load_digits()
    seen = np.stack([_as_seen(image) for image in digits.images[_KEPT_BACK:]])
    fitted = _net().fit(seen, digits.target[_KEPT_BACK:])
    inputs = helper.make_tensor_value_info("image", TensorProto.FLOAT, [None, 1, _SIDE, _SIDE])
    output = helper.make_tensor_value_info("digit", TensorProto.FLOAT, [None, 10])
    nodes = [
        helper.make_node("Flatten", ["image"], ["pixels"], axis=1),
        helper.make_node("Gemm", ["pixels", "weights_0", "bias_0"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "weights_1", "bias_1"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["digit"], axis=1),
    ]
    weights = [
        numpy_helper.from_array(values.astype(np.float32), f"{name}_{layer}")
        for name, layers in (("weights", fitted.coefs_), ("bias", fitted.intercepts_))
        for layer, values in enumerate(layers)
    ]
    graph = helper.make_graph(nodes, "digits", [inputs], [output], weights)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR, producer_name="Slipway")
    classes = json.dumps([str(digit) for digit in range(10)])
    said = {"Image.NominalPixelRange": "Normalized_0_1", "classes": classes}
    helper.set_model_props(model, said)
    return bytes(model.SerializeToString())


def _net() -> MLPClassifier:
    """Return the net; no step is ever good enough for it, so that it ends after its epochs."""
    return MLPClassifier(
        (_HIDDEN,),
        learning_rate_init=0.01,
        alpha=1e-3,
        batch_size=100,
        random_state=0,
        tol=1e9,
        n_iter_no_change=_EPOCHS,
    )


def _write_data() -> bytes:
    """Return a zip of pictures, each named by its digit: `7-a.png` is a seven."""
    digits = load_digits()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for at in _PICTURES:
            name = f"{digits.target[at]}-{'ab'[at < 10]}.png"
            png = io.BytesIO()
            _picture(digits.images[at]).save(png, "PNG")
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), png.getvalue())
    return packed.getvalue()


def _picture(pixels: np.ndarray[Any, Any]) -> Image.Image:
    """Return a digit as a picture large enough for people."""
    grey = Image.fromarray((pixels * (255 / _WHITEST)).astype(np.uint8))
    return grey.resize((_PICTURE_SIDE, _PICTURE_SIDE), Image.Resampling.BICUBIC)


def _as_seen(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a digit as its picture reaches the model: made small again, which blurs it."""
    small = _picture(pixels).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=float).ravel() / 255


SAMPLE = Sample(
    key="digits",
    name="Digits (sample)",
    description="Reads one digit from a picture of it, white on black. A small neural net, ONNX.",
    file_name="slipway-digits.onnx",
    data_name="digits.zip",
    write=_write,
    write_data=_write_data,
    edits=SchemaEdits((FieldEdit("image", "Picture", description="A digit, white on black"),)),
)
