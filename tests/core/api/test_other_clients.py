"""The Open Inference Protocol spoken by clients that others wrote, against the real server.

Their dependencies clash with Slipway's, so each has a virtual environment under `build/clients`.
They are made when asked for: set SLIPWAY_CLIENTS=1 and run this file.
"""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core.api.conftest import PASSWORD
from tests.server import PROJECT, running_server

pytestmark = pytest.mark.skipif(
    "SLIPWAY_CLIENTS" not in os.environ,
    reason="installs clients by others; set SLIPWAY_CLIENTS=1 to run it",
)
FOLDER = PROJECT / "build" / "clients"

_TRITON = """
import json, sys
import numpy as np
import tritonclient.http as triton
host, endpoint, token = sys.argv[1:]
client = triton.InferenceServerClient(host)
headers = {"Authorization": "Bearer " + token}
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready(endpoint, headers=headers)
assert client.get_server_metadata()["name"] == "slipway"
described = client.get_model_metadata(endpoint, headers=headers)
names = [tensor["name"] for tensor in described["inputs"]]
rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
inputs = []
for name, column in zip(names, rows.T):
    tensor = triton.InferInput(name, [2], "FP64")
    tensor.set_data_from_numpy(np.ascontiguousarray(column), binary_data=False)
    inputs.append(tensor)
wanted = [
    triton.InferRequestedOutput(name, binary_data=False)
    for name in ("prediction", "probability_setosa")
]
chosen = client.infer(endpoint, inputs, outputs=wanted, request_id="7", headers=headers)
whole = client.infer(endpoint, inputs, headers=headers)  # asks for binary outputs by itself
kinds = [k.decode() if isinstance(k, bytes) else k for k in chosen.as_numpy("prediction").tolist()]
again = [k.decode() if isinstance(k, bytes) else k for k in whole.as_numpy("prediction").tolist()]
binary = triton.InferInput("table", [2, 4], "FP64")
binary.set_data_from_numpy(rows)
try:
    client.infer(endpoint, [binary], headers=headers)
    said = ""
except triton.InferenceServerException as error:
    said = str(error)
print(json.dumps({
    "kinds": kinds, "again": again, "id": chosen.get_response()["id"], "said": said,
    "first": chosen.as_numpy("probability_setosa").tolist()[0],
}))
"""
_KSERVE = """
import asyncio, json, sys
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
host, endpoint, token = sys.argv[1:]
headers = {"Authorization": "Bearer " + token}
rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
async def story():
    client = InferenceRESTClient(RESTConfig(protocol="v2", verbose=False))
    base = "http://" + host
    assert await client.is_server_ready(base) and await client.is_server_live(base)
    assert await client.is_model_ready(base, endpoint, headers=headers)
    tensor = InferInput("table", [2, 4], "FP64")
    tensor.set_data_from_numpy(rows, binary_data=False)
    request = InferRequest(endpoint, [tensor], request_id="7")
    answer = await client.infer(base, request, model_name=endpoint, headers=headers)
    outputs = {output.name: output for output in answer.outputs}
    return {
        "kinds": list(outputs["prediction"].data), "id": answer.id,
        "first": outputs["probability_setosa"].as_numpy().tolist()[0],
    }
print(json.dumps(asyncio.run(story())))
"""
_MLSERVER = """
import json, pathlib, subprocess, sys, tempfile
import pandas as pd
from mlserver.codecs import PandasCodec
from mlserver.types import InferenceResponse
host, endpoint, token = sys.argv[1:]
table = pd.DataFrame({
    "sepal_length": [5.1, 6.7], "sepal_width": [3.5, 3.0],
    "petal_length": [1.4, 5.2], "petal_width": [0.2, 2.3],
})
request = PandasCodec.encode_request(table, use_bytes=False)
with tempfile.TemporaryDirectory() as folder:
    asked, answered = pathlib.Path(folder, "in.json"), pathlib.Path(folder, "out.json")
    asked.write_text(request.model_dump_json(exclude_none=True) + "\\n")
    command = str(pathlib.Path(sys.executable).with_name("mlserver"))
    subprocess.run([
        command, "infer", "-u", host, "-m", endpoint, "-i", str(asked), "-o", str(answered),
        "-H", "Authorization: Bearer " + token, "-w", "1",
    ], check=True, stdout=sys.stderr)
    answer = InferenceResponse.model_validate_json(answered.read_text().splitlines()[0])
frame = PandasCodec.decode_response(answer)
kinds = [k.decode() if isinstance(k, bytes) else k for k in frame["prediction"]]
print(json.dumps({"kinds": kinds, "first": float(frame["probability_setosa"][0])}))
"""


@dataclass(frozen=True)
class Client:
    """A client by others: what is installed, and what it does with a service of iris."""

    name: str
    packages: tuple[str, ...]
    script: str

    def talk(self, host: str, endpoint: str, token: str) -> dict[str, object]:
        """Run the script in an environment of its own and return what it found."""
        python = FOLDER / self.name / "bin" / "python"
        if not python.exists():
            _run(sys.executable, "-m", "venv", str(FOLDER / self.name))
        uv = str(Path(sys.executable).with_name("uv"))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *self.packages)
        lines = _run(str(python), "-c", self.script, host, endpoint, token).splitlines()
        found: dict[str, object] = json.loads(lines[-1])
        return found


TRITON = Client("triton", ("tritonclient[http]",), _TRITON)
KSERVE = Client("kserve", ("kserve",), _KSERVE)
MLSERVER = Client("mlserver", ("mlserver", "uvloop<0.22"), _MLSERVER)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, iris_file: Path
) -> Iterator[tuple[str, str, str]]:
    """The host of a real server, the endpoint of a service there, and a token."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder / "storage", folder / "log") as server:
        _send(server.url, "register")
        token = _send(server.url, "token/create", name="t")["token"]
        upload = ["curl", "-sS", "-f", "-F", f"file=@{iris_file}", "-F", "modelname=iris"]
        who = ["-H", f"Authorization: Bearer {token}"]
        _run(*upload, *who, f"{server.url}/api/model/upload")
        made = _send(server.url, "deployment/create", modelname="iris", deployment="live")
        yield server.url.removeprefix("http://"), made["endpoint"], token


def _send(url: str, path: str, **fields: str) -> dict[str, str]:
    form = {"user": "ann", "password": PASSWORD, **fields}
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{url}/api/{path}", body, timeout=60) as answer:
        found: dict[str, str] = json.loads(answer.read())
        return found


@pytest.mark.parametrize("client", [TRITON, KSERVE, MLSERVER], ids=lambda client: client.name)
def test_a_client_by_others_is_understood(client: Client, service: tuple[str, str, str]) -> None:
    """I16: health, metadata and inference with JSON tensors."""
    found = client.talk(*service)
    assert found["kinds"] == ["setosa", "virginica"]
    assert found["first"] == pytest.approx(0.9816568, abs=1e-6)
    assert found.get("id", "7") == "7"
    assert found.get("again", found["kinds"]) == found["kinds"]
    assert "binary_data=False" in str(found.get("said", "binary_data=False"))
