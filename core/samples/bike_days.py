"""A regression in ONNX: how many bicycles are rented on a day, from its weather."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from core.runtimes.edits import FieldEdit, SchemaEdits
from core.samples.sample import Sample, as_csv

_NAMES = ("temperature", "rain", "wind", "weekend")
_ROWS, _SHOWN, _SEED = 730, 60, 7
_OPSET, _IR = 17, 8


def _days() -> np.ndarray[Any, Any]:
    """Return days, one a row: °C, mm, km/h, and 1 on a weekend."""
    rng = np.random.default_rng(_SEED)
    season = 13 - 11 * np.cos(np.arange(_ROWS) * 2 * np.pi / 365)
    temperature = season + rng.normal(0, 3.5, _ROWS)
    rain = np.where(rng.random(_ROWS) < 0.4, rng.gamma(1.3, 5, _ROWS), 0)
    wind = rng.gamma(4, 4.5, _ROWS)
    weekend = (np.arange(_ROWS) % 7 >= 5).astype(float)
    days = np.stack([temperature.clip(-8, 36), rain.clip(0, 40), wind.clip(0, 70), weekend], 1)
    return np.asarray(np.round(days, 1))


def _terms(days: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what the regression adds up: the four inputs, and the temperature squared."""
    return np.column_stack([days, days[:, 0] ** 2])


def _fitted() -> tuple[np.ndarray[Any, Any], float]:
    """Return the coefficients and the intercept, by least squares."""
    days = _days()
    temperature, rain, wind, weekend = days.T
    noise = np.random.default_rng(_SEED + 1).normal(0, 90, _ROWS)
    comfort = 1500 - 1.1 * (temperature - 23) ** 2
    rented = comfort - 26 * rain - 6 * wind + 210 * weekend + noise
    design = np.column_stack([_terms(days), np.ones(_ROWS)])
    solution = np.linalg.lstsq(design, rented, rcond=None)[0]
    return solution[:-1], float(solution[-1])


def _write() -> bytes:
    """Return the regression as ONNX: its inputs side by side, times the coefficients."""
    coefficients, intercept = _fitted()
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in _NAMES]
    output = helper.make_tensor_value_info("rentals", TensorProto.FLOAT, [None, 1])
    nodes = [
        helper.make_node("Mul", ["temperature", "temperature"], ["temperature_squared"]),
        helper.make_node("Concat", [*_NAMES, "temperature_squared"], ["terms"], axis=1),
        helper.make_node("MatMul", ["terms", "coefficients"], ["sum"]),
        helper.make_node("Add", ["sum", "intercept"], ["rentals"]),
    ]
    weights = [
        numpy_helper.from_array(coefficients.astype(np.float32)[:, None], "coefficients"),
        numpy_helper.from_array(np.array([intercept], np.float32), "intercept"),
    ]
    graph = helper.make_graph(nodes, "bike days", inputs, [output], weights)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR, producer_name="Slipway")
    return bytes(model.SerializeToString())


def _write_data() -> bytes:
    days = _days()[90 : 90 + _SHOWN].tolist()
    rows = ([f"day {n}", *day[:3], int(day[3])] for n, day in enumerate(days, start=1))
    return as_csv(("day", *_NAMES), rows)


_EDITS = SchemaEdits(
    (
        FieldEdit(
            "temperature", "Temperature", "°C", "The day's mean", low=-8, high=36, default="18"
        ),
        FieldEdit("rain", "Rain", "mm", "Of the whole day", low=0, high=50, default="1.5"),
        FieldEdit("wind", "Wind", "km/h", "The day's mean", low=0, high=80, default="14"),
        FieldEdit(
            "weekend", "Weekend", description="1 on a weekend, 0 else", low=0, high=1, default="0"
        ),
    )
)

SAMPLE = Sample(
    key="bikes",
    name="Bike days (sample)",
    description="Tells from the weather how many bicycles are rented. A linear regression, ONNX.",
    file_name="slipway-bike-days.onnx",
    data_name="bike-days.csv",
    write=_write,
    write_data=_write_data,
    edits=_EDITS,
)
