"""The servers that Slipway is measured beside: each in a virtual environment of its own.

The environments are made under `build/peers` when they are first asked for, and kept.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "peers"
FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
_START_SECONDS = 120
_STOP_SECONDS = 15

# Runs in the peer's own environment: a file must be read by the scikit-learn that wrote it. Where
# a server passes plain arrays on the model is fitted without names, which is the quicker way.
_ARRAYS = """
import sys
import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
iris = load_iris()
model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target_names[iris.target])
joblib.dump(model, sys.argv[1] + "/iris.joblib")
"""
_FRAME = """
import sys
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
iris = load_iris(as_frame=True)
iris.data.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target_names[iris.target])
signature = infer_signature(iris.data, model.predict(iris.data))
mlflow.sklearn.save_model(model, sys.argv[1] + "/model", signature=signature)
"""
_BENTO_SERVICE = """
import bentoml, joblib, pathlib
import numpy as np

@bentoml.service(workers=1)
class Iris:
    def __init__(self):
        self.model = joblib.load(pathlib.Path(__file__).with_name("iris.joblib"))

    @bentoml.api
    def predict(self, table: np.ndarray) -> np.ndarray:
        return self.model.predict(table)
"""


@dataclass(frozen=True)
class Target:
    """Where a call of the model goes, and what it sends."""

    url: str
    body: bytes
    headers: dict[str, str]

    def answer(self) -> bytes:
        """Return the answer to one call; raises OSError."""
        request = urllib.request.Request(self.url, self.body, self.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())


@dataclass(frozen=True)
class Peer:
    """A server by others: what is installed, how its model is made, and how it is started.

    `files` are written to its folder first; `{port}` and the two after it are free.
    """

    name: str
    packages: tuple[str, ...]
    train: str
    command: tuple[str, ...]
    path: str
    body: dict[str, object]
    files: dict[str, str]

    @property
    def folder(self) -> Path:
        """Return where everything of this peer is."""
        return FOLDER / self.name

    def target(self, port: int) -> Target:
        """Return how the model is called at a port."""
        headers = {"Content-Type": "application/json"}
        return Target(
            f"http://127.0.0.1:{port}{self.path}", json.dumps(self.body).encode(), headers
        )


def tensors() -> dict[str, object]:
    """Return a flower as the Open Inference Protocol has it: a tensor for each field."""
    return {
        "inputs": [
            {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
            for name, value in FLOWER.items()
        ]
    }


_WHOLE = {"name": "table", "shape": [1, 4], "datatype": "FP64", "data": list(FLOWER.values())}

MLSERVER = Peer(
    name="mlserver",
    packages=("mlserver", "mlserver-sklearn", "uvloop<0.22"),  # its worker wants the older loop
    train=_ARRAYS,
    command=("mlserver", "start", "."),
    path="/v2/models/iris/infer",
    body={"inputs": [_WHOLE]},
    files={
        "settings.json": json.dumps(
            {"host": "127.0.0.1", "parallel_workers": 1, "debug": False}
            | {"http_port": "{port}", "grpc_port": "{port+1}", "metrics_port": "{port+2}"}
        ),
        "model-settings.json": json.dumps(
            {
                "name": "iris",
                "implementation": "mlserver_sklearn.SKLearnModel",
                "parameters": {"uri": "./iris.joblib"},
            }
        ),
    },
)
MLFLOW = Peer(
    name="mlflow",
    packages=("mlflow", "scikit-learn"),
    train=_FRAME,
    command=(
        *("mlflow", "models", "serve", "-m", "model", "--env-manager", "local"),
        *("-h", "127.0.0.1", "-p", "{port}"),
    ),
    path="/invocations",
    body={"dataframe_records": [FLOWER]},
    files={},
)
BENTOML = Peer(
    name="bentoml",
    packages=("bentoml", "scikit-learn"),
    train=_ARRAYS,
    command=("bentoml", "serve", "service:Iris", "--host", "127.0.0.1", "--port", "{port}"),
    path="/predict",
    body={"table": [list(FLOWER.values())]},
    files={"service.py": _BENTO_SERVICE},
)
PEERS = (MLSERVER, MLFLOW, BENTOML)


def install(peer: Peer) -> None:
    """Make a peer's environment and its model, unless they are there."""
    done = peer.folder / "installed"
    if done.exists():
        return
    peer.folder.mkdir(parents=True, exist_ok=True)
    environment = peer.folder / "env"
    python = environment / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    _quietly(sys.executable, "-m", "venv", "--clear", str(environment))
    _quietly(uv, "pip", "install", "--quiet", "--python", str(python), *peer.packages)
    _quietly(str(python), "-c", peer.train, str(peer.folder))
    done.touch()


@contextmanager
def running(peer: Peer, port: int) -> Iterator[Target]:
    """Serve a peer's model until the block ends; `port` and the two after it must be free."""
    for name, text in peer.files.items():
        (peer.folder / name).write_text(_filled(text, port))
    binaries = peer.folder / "env" / "bin"
    first, *others = (_filled(word, port) for word in peer.command)
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    quiet = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (peer.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [str(binaries / first), *others],
            cwd=peer.folder,
            env={**os.environ, **quiet, "PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,  # its workers are of its group, and end with it
        )
    target = peer.target(port)
    try:
        _wait_for(target, process, peer.folder / "server.log")
        yield target
    finally:
        _end(process)


def _filled(text: str, port: int) -> str:
    for more in (0, 1, 2):
        name = "{port" + (f"+{more}" if more else "") + "}"
        text = text.replace(f'"{name}"', str(port + more)).replace(name, str(port + more))
    return text


def _quietly(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} failed:\n{done.stderr[-2000:]}")


def _wait_for(target: Target, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    said = ""
    while time.monotonic() < end and process.poll() is None:
        try:
            target.answer()
        except urllib.error.HTTPError as error:  # some listen before the model is loaded
            said = f"{error.code} {error.read()[:500]!r}"
        except OSError as error:
            said = str(error)
        else:
            return
        time.sleep(0.2)
    raise SystemExit(f"{target.url} did not start: {said}\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for end in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, end)
            process.wait(timeout=_STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
