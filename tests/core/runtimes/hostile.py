"""Files made to do harm: each would leave a mark at a path if any of it were carried out.

The ways to build them are those of public reports on unsafe pickles and model files; see
https://docs.python.org/3/library/pickle.html#restricting-globals.
"""

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

Make = Callable[[Path], bytes]

DEPTH = 1_000_000


class Calls:
    """An object whose pickle calls a function by its name."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self._named = (module, name)
        self._arguments = arguments

    def __reduce__(self) -> Any:  # noqa: ANN401
        found: Any = __import__(self._named[0], fromlist=["x"])
        for part in self._named[1].split("."):
            found = getattr(found, part)
        return found, self._arguments


def touch(mark: Path) -> Calls:
    return Calls("os", "system", f"touch {mark}")


def fitted() -> LinearRegression:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])


def with_attribute(value: object) -> LinearRegression:
    estimator = fitted()
    estimator.extra_ = value
    return estimator


def _opcodes(text: str) -> Make:
    """Return a pickle in opcodes; %s stands for the command."""
    return lambda mark: (text % f"touch {mark}").encode("latin-1")


def code(mark: Path) -> str:
    return f"open({str(mark)!r}, 'w').close()"


CALLED: dict[str, Callable[[Path], object]] = {
    "os.system": touch,
    "os.popen": lambda mark: Calls("os", "popen", f"touch {mark}"),
    "subprocess.Popen": lambda mark: Calls("subprocess", "Popen", ["touch", str(mark)]),
    "subprocess.getoutput": lambda mark: Calls("subprocess", "getoutput", f"touch {mark}"),
    "builtins.eval": lambda mark: Calls("builtins", "eval", code(mark)),
    "builtins.exec": lambda mark: Calls("builtins", "exec", code(mark)),
    "builtins.open": lambda mark: Calls("builtins", "open", str(mark), "w"),
    "builtins.getattr": lambda _: Calls("builtins", "getattr", fitted(), "__class__"),
    "builtins.__import__": lambda _: Calls("builtins", "__import__", "antigravity"),
    "builtins.compile": lambda mark: Calls("builtins", "compile", code(mark), "x", "exec"),
    "io.open": lambda mark: Calls("io", "open", str(mark), "w"),
    "pathlib.Path.touch": lambda mark: Calls("pathlib", "Path.touch", mark),
    "shutil.rmtree": lambda mark: Calls("shutil", "rmtree", str(mark)),
    "runpy.run_path": lambda mark: Calls("runpy", "run_path", str(mark)),
    "timeit.timeit": lambda mark: Calls("timeit", "timeit", code(mark)),
    "cProfile.run": lambda mark: Calls("cProfile", "run", code(mark)),
    "ctypes.CDLL": lambda _: Calls("ctypes", "CDLL", "libc.so.6"),
    "functools.partial": lambda mark: Calls("functools", "partial", eval, code(mark)),
    "operator.methodcaller": lambda _: Calls("operator", "methodcaller", "system"),
    "operator.attrgetter": lambda _: Calls("operator", "attrgetter", "__globals__"),
    "numpy.memmap": lambda mark: Calls("numpy", "memmap", str(mark), "uint8", "w+", 0, (4,)),
    "numpy.save": lambda mark: Calls("numpy", "save", str(mark), [1]),
    "numpy.fromfile": lambda _: Calls("numpy", "fromfile", "/etc/hostname", "uint8"),
    "numpy.load": lambda _: Calls("numpy", "load", "/etc/hostname"),
    "numpy.f2py.run_main": lambda _: Calls("numpy.f2py", "run_main", ["-h"]),
    "numpy.testing runstring": lambda mark: Calls(
        "numpy.testing._private.utils", "runstring", code(mark), {}
    ),
    "joblib.load": lambda mark: Calls("joblib", "load", str(mark)),
    "pickle.loads": lambda mark: Calls("pickle", "loads", pickle.dumps(touch(mark))),
    "pandas.eval": lambda _: Calls("pandas", "eval", "1 + 1"),
    "logging.config.listen": lambda _: Calls("logging.config", "listen", 9999),
    "sklearn.utils check_array": lambda _: Calls("sklearn.utils", "check_array", [[1]]),
    "sklearn.datasets load_files": lambda _: Calls("sklearn.datasets", "load_files", "/etc"),
    "sys.exit": lambda _: Calls("sys", "exit", 3),
    "os._exit": lambda _: Calls("os", "_exit", 3),
}

OPCODES: dict[str, Make] = {
    "GLOBAL": _opcodes("cposix\nsystem\n(S'%s'\ntR."),
    "INST": _opcodes("(S'%s'\niposix\nsystem\n."),
    "OBJ": _opcodes("\x80\x02(cposix\nsystem\nU\x50%s"),
    "NEWOBJ": _opcodes("\x80\x02cposix\nsystem\n(S'%s'\nt\x81."),
    "STACK_GLOBAL": _opcodes("\x80\x04\x8c\x05posix\x8c\x06system\x93(S'%s'\ntR."),
    "names from the memo": _opcodes(
        "\x80\x04\x8c\x06system\x94\x8c\x05posix\x94\x8c\x04math\x940h\x01h\x00\x93(S'%s'\ntR."
    ),
    "a memo that is overwritten": _opcodes(
        "\x80\x04\x8c\x04sqrtq\x00\x8c\x06systemq\x00\x8c\x05posixh\x00\x93(S'%s'\ntR."
    ),
    "a dotted name": _opcodes("\x80\x04\x8c\x02os\x8c\x0epath.os.system\x93(S'%s'\ntR."),
    "a dotted name in an allowed module": _opcodes(
        "\x80\x04\x8c\x0asklearn.svm\x8c\x0bsys.modules\x93(S'%s'\ntR."
    ),
    "a harmless object first": _opcodes("\x80\x02]q\x000cposix\nsystem\n(S'%s'\ntR."),
    "an extension code": _opcodes("\x80\x02\x82\x01(S'%s'\ntR."),
    "a persistent id": _opcodes("P%s\n."),
    "a codec that unpacks": _opcodes("\x80\x02c_codecs\nencode\n(S'%s'\nS'rot13'\ntR."),
}


def _estimator_then_payload(mark: Path) -> bytes:
    return pickle.dumps(fitted()) + pickle.dumps(touch(mark))


def _inside_a_joblib_array(mark: Path) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(with_attribute(np.array([touch(mark)], dtype=object)), buffer)
    return buffer.getvalue()


def _beside_a_joblib_array(mark: Path) -> bytes:
    buffer = io.BytesIO()
    joblib.dump({"array": np.arange(99.0), "then": touch(mark)}, buffer)
    return buffer.getvalue()


WRAPPED: dict[str, Make] = {
    "an attribute": lambda mark: pickle.dumps(with_attribute(touch(mark))),
    "a key": lambda mark: pickle.dumps(with_attribute({(touch(mark),): 1})),
    "a list before the model": lambda mark: pickle.dumps([touch(mark), fitted()]),
    "a pickle within the pickle": lambda mark: pickle.dumps(
        with_attribute(Calls("pickle", "loads", pickle.dumps(touch(mark))))
    ),
    "a second pickle": _estimator_then_payload,
    "bytes after the end": lambda _: pickle.dumps(fitted()) + b"\0",
    "an array of objects in joblib": _inside_a_joblib_array,
    "after an array in joblib": _beside_a_joblib_array,
    "gzip": lambda mark: gzip.compress(pickle.dumps(touch(mark))),
    "zlib": lambda mark: zlib.compress(pickle.dumps(touch(mark))),
    "bz2": lambda mark: bz2.compress(pickle.dumps(touch(mark))),
    "xz": lambda mark: lzma.compress(pickle.dumps(touch(mark))),
    "lzma": lambda mark: lzma.compress(pickle.dumps(touch(mark)), format=lzma.FORMAT_ALONE),
    "lz4": lambda _: b"\x04\x22\x4d\x18" + b"\0" * 50,
    **{
        f"protocol {n}": lambda mark, n=n: pickle.dumps(touch(mark), protocol=n)  # type: ignore[misc]
        for n in range(6)
    },
}


# --- skops -----------------------------------------------------------------------------------


def skops_file(node: object, *, protocol: object = 2) -> bytes:
    schema = {**node, "protocol": protocol} if isinstance(node, dict) else node
    return zip_file({"schema.json": json.dumps(schema).encode()})


def zip_file(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _node(loader: str, module: str, name: str, **rest: object) -> dict[str, object]:
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, **rest}


def _text(value: str) -> dict[str, object]:
    node = _node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)
    return {**node, "__id__": hash(value)}


def _tuple(*items: object) -> dict[str, object]:
    return {**_node("TupleNode", "builtins", "tuple", content=list(items)), "__id__": 7}


def _partial(mark: Path) -> dict[str, object]:
    empty = {**_node("DictNode", "builtins", "dict", content={}), "key_types": _tuple()}
    function = _node("FunctionNode", "os", "system")
    content = {"func": function, "args": _tuple(_text(f"touch {mark}")), "kwds": empty}
    return _node("PartialNode", "functools", "partial", content={**content, "namespace": empty})


SKOPS: dict[str, Make] = {
    "a function": lambda _: skops_file(_node("FunctionNode", "os", "system")),
    "a function of protocol 0": lambda _: skops_file(
        _node("FunctionNode", "os", "system", content={"module_path": "os", "function": "system"}),
        protocol=0,
    ),
    "a type": lambda _: skops_file(_node("TypeNode", "builtins", "eval")),
    "a partial": lambda mark: skops_file(_partial(mark)),
    "a method caller": lambda _: skops_file(
        _node("OperatorFuncNode", "operator", "methodcaller", attrs=_tuple(_text("system")))
    ),
    "a method": lambda _: skops_file(
        _node("MethodNode", "builtins", "str", content={"func": "format", "obj": _text("a")})
    ),
    "a constructor": lambda mark: skops_file(
        _node("ConstructorFromReduceNode", "builtins", "open", content=_tuple(_text(str(mark))))
    ),
    "an object": lambda _: skops_file(_node("ObjectNode", "subprocess", "Popen", content=None)),
    "a loader that does not exist": lambda _: skops_file(_node("EvalNode", "builtins", "str")),
    "a loader that is no text": lambda _: skops_file({**_node("X", "a", "b"), "__loader__": [1]}),
    "a node that refers to itself": lambda _: skops_file(_node("CachedNode", "builtins", "str")),
    "a generator of numbers that is none": lambda _: skops_file(
        _node(
            "RandomGeneratorNode",
            "numpy.random._generator",
            "Generator",
            content={"bit_generator": {"content": {"bit_generator": {"content": '"seed"'}}}},
        )
    ),
    "a protocol to come": lambda _: skops_file(_node("ListNode", "builtins", "list"), protocol=99),
    "a schema that is a number": lambda _: skops_file(5),
    "a schema that is no JSON": lambda _: zip_file({"schema.json": b"{"}),
    "a schema nested too deep": lambda _: zip_file({"schema.json": b"[" * DEPTH}),
    "no schema": lambda _: zip_file({"model.pkl": b"\x80\x04."}),
    "an empty zip": lambda _: zip_file({}),
    "names that climb": lambda mark: zip_file({f"../../{mark}": b"", "schema.json": b"[]"}),
    "a zip that is cut off": lambda _: zip_file({"schema.json": b"[]"})[:-20],
    "a zip bomb": lambda _: zip_file({"schema.json": b" " * (32 << 20)}, zipfile.ZIP_DEFLATED),
    "a bomb beside the schema": lambda _: zip_file(
        {"schema.json": b"[]", "1.npy": b"\0" * (32 << 20)}, zipfile.ZIP_DEFLATED
    ),
}


# --- content that the types do not show ------------------------------------------------------


def _tree_with(**fields: int) -> bytes:
    estimator = DecisionTreeRegressor().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    state = estimator.tree_.__getstate__()
    nodes = state["nodes"].copy()
    for name, value in fields.items():
        nodes[name][0] = value
    estimator.tree_.__setstate__({**state, "nodes": nodes})
    return pickle.dumps(estimator)


def _histogram_tree_with(**fields: int) -> bytes:
    table = np.arange(60.0).reshape(-1, 1)
    estimator = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=5)
    estimator.fit(table, table.ravel())
    for name, value in fields.items():
        estimator._predictors[0][0].nodes[name][0] = value
    return pickle.dumps(estimator)


def _forest_with_wide_trees(_: Path) -> bytes:
    forest = RandomForestRegressor(2).fit([[0.0], [1.0]], [0, 1])
    forest.estimators_ = RandomForestRegressor(2).fit(np.eye(9), range(9)).estimators_
    return pickle.dumps(forest)


def _neighbours_with(column: int, value: int) -> bytes:
    estimator = KNeighborsRegressor(1, algorithm="kd_tree").fit([[0.0], [1.0]], [0, 1])
    state = list(estimator._tree.__getstate__())
    state[column] = state[column].copy()
    state[column].view(np.int64).ravel()[0] = value
    estimator._tree.__setstate__(tuple(state))
    return pickle.dumps(estimator)


CONTENT: dict[str, Make] = {
    "a forest of trees that are wider than it": _forest_with_wide_trees,
    "neighbours that are not there": lambda _: _neighbours_with(1, 10**9),
    "a node of neighbours that begins before them": lambda _: _neighbours_with(2, -(10**9)),
    "a forest without its trees": lambda _: pickle.dumps(
        RandomForestRegressor(2).fit([[0.0], [1.0]], [0, 1]).set_params(), 4
    ).replace(b"estimators_\x94", b"estimatorz_\x94"),
    "a tree that points out of itself": lambda _: _tree_with(left_child=10**9),
    "a tree that points before itself": lambda _: _tree_with(right_child=-7),
    "a tree that goes round for ever": lambda _: _tree_with(left_child=0),
    "a tree that asks for far features": lambda _: _tree_with(feature=10**6),
    "a boosted tree that points out of itself": lambda _: _histogram_tree_with(left=10**6),
    "a boosted tree that goes round for ever": lambda _: _histogram_tree_with(right=0),
    "a boosted tree that asks for far features": lambda _: _histogram_tree_with(feature_idx=10**6),
}

DAMAGED: dict[str, Make] = {
    "zeros": lambda _: b"\0" * (10 << 20),
    "a pickle without an end": lambda _: pickle.dumps(fitted())[:-1],
    "half a pickle": lambda _: pickle.dumps(fitted())[:200],
    "half a compressed pickle": lambda _: gzip.compress(pickle.dumps(fitted()))[:100],
    "a pickle that takes from an empty stack": lambda _: b"\x80\x040000.",
    "a pickle that recalls what was never kept": lambda _: b"\x80\x04h\x63.",
    "a joblib array longer than the file": lambda mark: _beside_a_joblib_array(mark)[:400],
}
