"""What an ONNX file says before any engine opens it; https://onnx.ai/onnx/repo-docs/IR.html."""

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import helper

from core.errors import InvalidModel

Label = str | int

# onnxruntime has the operators of these domains built in.
_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
_PASSING_ON = frozenset({"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast"})
# They move numbers about and say nothing of what a model does.
_HANDLING = _PASSING_ON | frozenset(
    {"Constant", "Concat", "Gather", "Shape", "Slice", "Split", "Transpose", "Expand", "Tile"}
)
_NORMALIZER = "StringNormalizer"
_USUAL = frozenset({b"", b"en_US", b"en_US.UTF-8"})
_ANYWHERE = "C.UTF-8"
_CLASSIFIERS = frozenset({"TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"})
_MAIN_OPERATORS: tuple[tuple[str, str], ...] = (
    ("TreeEnsembleClassifier", "Tree ensemble"),
    ("TreeEnsembleRegressor", "Tree ensemble"),
    ("TreeEnsemble", "Tree ensemble"),
    ("SVMClassifier", "Support vector machine"),
    ("SVMRegressor", "Support vector machine"),
    ("LinearClassifier", "Linear classifier"),
    ("LinearRegressor", "Linear regression"),
    ("Attention", "Transformer network"),
    ("MultiHeadAttention", "Transformer network"),
    ("LSTM", "Recurrent network (LSTM)"),
    ("GRU", "Recurrent network (GRU)"),
    ("RNN", "Recurrent network"),
    ("Conv", "Convolutional network"),
    ("ConvTranspose", "Convolutional network"),
    ("QLinearConv", "Convolutional network"),
    ("ConvInteger", "Convolutional network"),
)


@dataclass(frozen=True, slots=True)
class Graph:
    """What was read of a graph.

    `width` is how many features the main operator looks at, where it says so. `replaces_missing`:
    an operator of the graph knows what to do with NaN. `rows_mix`: a row's outputs depend on the
    rows beside it. `softmax` are the outputs that come out of a softmax.
    """

    algorithm: str
    details: dict[str, str]
    metadata: dict[str, str]
    classifies: bool
    convolves: bool
    labels: tuple[Label, ...]
    width: int | None
    replaces_missing: str
    rows_mix: bool
    changes_case: bool
    softmax: frozenset[str]
    categories: dict[str, tuple[Label, ...]] = field(default_factory=dict)
    keys: dict[str, tuple[Label, ...]] = field(default_factory=dict)

    def names(self, keys: Sequence[str], count: int) -> tuple[str, ...]:
        """Return a list of so many names that the metadata holds under one of the keys."""
        wanted = {key: value for key, value in self.metadata.items() if key.lower() in keys}
        for value in wanted.values():
            names = _listed(value)
            if len(names) == count and len(set(names)) == count:
                return names
        return ()


def read_graph(path: Path) -> Graph:
    """Read a model file; raises InvalidModel for what onnxruntime must not or cannot open."""
    model = _parsed(path)
    nodes = _all_nodes(model)
    _refuse_outside_data(model, nodes)
    _refuse_unknown_operators(model, nodes)
    found = _Reading(model, nodes)
    return Graph(
        algorithm=found.algorithm(),
        details=found.details(),
        metadata={entry.key: entry.value for entry in model.metadata_props},
        classifies=any(node.op_type in _CLASSIFIERS for node in nodes),
        convolves="Convolutional" in found.algorithm(),
        labels=found.labels(),
        width=found.width(),
        replaces_missing=found.replaces_missing(),
        rows_mix=any(node.op_type == "DynamicQuantizeLinear" for node in nodes),
        changes_case=any(node.op_type == _NORMALIZER for node in nodes),
        softmax=found.softmax(),
        categories=found.categories(),
        keys=found.keys(),
    )


def portable(path: Path) -> bytes:
    """Return a model whose texts change their case by the rules that every machine has.

    The engine's default, en_US.UTF-8, has the same rules, and is not installed everywhere.
    https://github.com/onnx/onnx/blob/main/docs/Operators.md#StringNormalizer
    """
    model = _parsed(path)
    for node in _all_nodes(model):
        if node.op_type == _NORMALIZER and _attributes(node).get("locale", b"") in _USUAL:
            kept = [attribute for attribute in node.attribute if attribute.name != "locale"]
            del node.attribute[:]
            node.attribute.extend([*kept, onnx.helper.make_attribute("locale", _ANYWHERE)])
    changed: bytes = model.SerializeToString()
    return changed


def _all_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    inner = [
        node for function in model.functions for top in function.node for node in _with_inner(top)
    ]
    return [*_nodes(model.graph), *inner]


def _parsed(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.ModelProto.FromString(path.read_bytes())
    except DecodeError as error:
        raise InvalidModel(
            "The file is no complete ONNX model; it may be cut off or damaged."
        ) from error
    if not model.HasField("graph") or not model.graph.output:
        raise InvalidModel("The file holds no ONNX graph with an output.")
    return model


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield from _with_inner(node)


def _with_inner(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    yield node
    for graph in _graphs(node):
        yield from _nodes(graph)


def _graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for graph in [model.graph, *(inner for node in nodes for inner in _graphs(node))]:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def _refuse_outside_data(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto]) -> None:
    for tensor in _tensors(model, nodes):
        if tensor.data_location != onnx.TensorProto.EXTERNAL and not tensor.external_data:
            continue
        places = [entry.value for entry in tensor.external_data if entry.key == "location"]
        raise InvalidModel(
            f"The model keeps weights in another file ({', '.join(places) or 'not named'}); "
            "save it with all its weights in one file."
        )


def _refuse_unknown_operators(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto]) -> None:
    own = {function.domain for function in model.functions}
    foreign = {
        f"{node.domain}:{node.op_type}" for node in nodes if node.domain not in _DOMAINS | own
    }
    if foreign:
        raise InvalidModel(
            f"The model uses operators that onnxruntime does not have: {_some(sorted(foreign))}; "
            "export it without custom operators."
        )


def _some(names: Sequence[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")


class _Reading:
    """The facts of one graph, each found by one method."""

    def __init__(self, model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto]) -> None:
        self.model = model
        self.nodes = nodes
        self.operators = Counter(node.op_type for node in nodes)

    def algorithm(self) -> str:
        for operator, name in _MAIN_OPERATORS:
            if operator in self.operators:
                return name
        layers = sum(self.operators[op] for op in ("Gemm", "MatMul", "MatMulInteger", "FusedGemm"))
        if layers:
            return "Neural network" if layers > 1 else "Linear model"
        telling = [op for op, _ in self.operators.most_common() if op not in _HANDLING]
        return telling[0] if telling else "Identity"

    def details(self) -> dict[str, str]:
        producer = f"{self.model.producer_name} {self.model.producer_version}".strip()
        opsets = ", ".join(
            f"{entry.domain or 'ai.onnx'} {entry.version}" for entry in self.model.opset_import
        )
        known = {
            "producer": producer,
            "opset": opsets,
            "IR version": str(self.model.ir_version),
            "graph": self.model.graph.name,
            "description": self.model.doc_string[:1000],
            "operators": ", ".join(f"{op} ({n})" for op, n in self.operators.most_common(8)),
            "parameters": str(sum(_size(tensor) for tensor in self.model.graph.initializer)),
            **self._said_of_pictures(),
        }
        return {name: value for name, value in known.items() if value}

    def _said_of_pictures(self) -> dict[str, str]:
        """Return the metadata on the pictures that the model takes.

        https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md
        """
        entries = self.model.metadata_props
        return {entry.key: entry.value for entry in entries if entry.key.startswith("Image.")}

    def labels(self) -> tuple[Label, ...]:
        for node in self.nodes:
            if node.op_type in _CLASSIFIERS | {"ZipMap"}:
                found = _first_list(node, "classlabels") or _first_list(node, "class", "label")
                if found:
                    return found
        return ()

    def width(self) -> int | None:
        for node in self.nodes:
            attributes = _attributes(node)
            ids = attributes.get("nodes_featureids")
            if node.op_type.startswith("TreeEnsemble") and isinstance(ids, Sequence) and ids:
                return 1 + max(int(i) for i in ids)
            if node.op_type == "Scaler" and isinstance(attributes.get("offset"), Sequence):
                return len(attributes["offset"])
        return None

    def replaces_missing(self) -> str:
        if "Imputer" in self.operators:
            return "replaced by the model's imputer"
        if "IsNaN" in self.operators:
            return "treated by the model"
        for node in self.nodes:
            if node.op_type.startswith("TreeEnsemble"):
                tracks = _attributes(node).get("nodes_missing_value_tracks_true", ())
                if any(tracks):
                    return "follows the branch that the trees keep for missing values"
        return ""

    def softmax(self) -> frozenset[str]:
        makers = {name: node for node in self.nodes for name in node.output}
        found: set[str] = set()
        for output in self.model.graph.output:
            node = makers.get(output.name)
            for _ in self.nodes:  # as long as the longest way through the graph
                if node is None or node.op_type not in _PASSING_ON or not node.input:
                    break
                node = makers.get(node.input[0])
            if node is not None and node.op_type == "Softmax":
                found.add(output.name)
        return frozenset(found)

    def categories(self) -> dict[str, tuple[Label, ...]]:
        """Return the values that encoders know, for the inputs that go straight into one."""
        known = {name: self._encoder_of(name) for name in (i.name for i in self.model.graph.input)}
        return {name: labels for name, labels in known.items() if labels}

    def keys(self) -> dict[str, tuple[Label, ...]]:
        """Return the keys that inputs of a map type may have."""
        names = {i.name for i in self.model.graph.input if i.type.HasField("map_type")}
        return {
            node.input[0]: _first_list(node, "vocabulary")
            for node in self.nodes
            if node.op_type == "DictVectorizer" and node.input[0] in names
        }

    def _encoder_of(self, name: str) -> tuple[Label, ...]:
        for node in self.nodes:
            if not node.input or node.input[0] != name:
                continue
            if node.op_type in ("OneHotEncoder", "LabelEncoder", "CategoryMapper"):
                return _first_list(node, "cats_", "keys_strings", "keys_int64s")
            if node.op_type in _PASSING_ON and node.op_type != "Cast":
                return self._encoder_of(node.output[0])
        return ()


def _attributes(node: onnx.NodeProto) -> Mapping[str, Sequence[Any]]:
    lists = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: value for name, value in lists.items() if isinstance(value, Sequence)}


def _first_list(node: onnx.NodeProto, *parts: str) -> tuple[Label, ...]:
    """Return the first non-empty list of texts or whole numbers whose name holds a part."""
    for name, values in _attributes(node).items():
        plain = not isinstance(values, bytes) and all(isinstance(v, bytes | int) for v in values)
        if plain and values and any(part in name for part in parts):
            return tuple(v.decode(errors="replace") if isinstance(v, bytes) else v for v in values)
    return ()


def _size(tensor: onnx.TensorProto) -> int:
    size = 1
    for dimension in tensor.dims:
        size *= dimension
    return size


def _listed(text: str) -> tuple[str, ...]:
    """Return the names in a metadata text: JSON, a Python literal, or names between commas."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple):
            return tuple(map(str, value))
    return tuple(part.strip() for part in text.split(","))
