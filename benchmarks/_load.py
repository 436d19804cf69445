"""Load on one address: wrk for as many calls as it can, and an exact number of them."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._peers import Target

_SCRIPT = """
wrk.method = "POST"
wrk.body = [==[{body}]==]
{headers}
done = function(summary, latency, requests)
  io.write(string.format(
    "\\n{{\\"calls\\": %d, \\"seconds\\": %.6f, \\"p99\\": %.3f, \\"failed\\": %d}}\\n",
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw; `p99` in milliseconds."""

    calls: int
    seconds: float
    p99: float
    failed: int

    @property
    def per_second(self) -> float:
        """Return the calls answered in a second."""
        return self.calls / self.seconds


def require_wrk() -> str:
    """Return where wrk is; ends the benchmark with a sentence if it is not installed."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk")
    return found


def load(target: Target, seconds: float, connections: int) -> Load:
    """Call an address from so many connections at once for so long."""
    with tempfile.TemporaryDirectory() as folder:
        command = [require_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
        script = _script(target, Path(folder))
        done = subprocess.run(
            [*command, "-s", str(script), target.url], check=True, capture_output=True, text=True
        )
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def start_load(target: Target, folder: Path, connections: int) -> subprocess.Popen[bytes]:
    """Begin a load that lasts until its process is ended."""
    command = [require_wrk(), "-t1", f"-c{connections}", "-d3600s"]
    return subprocess.Popen(
        [*command, "-s", str(_script(target, folder)), target.url], stdout=subprocess.DEVNULL
    )


def call_exactly(target: Target, calls: int, connections: int) -> int:
    """Make so many calls, wait for every answer, and return how many were answered with 200."""
    with ThreadPoolExecutor(1) as pool:  # Playwright has an event loop in the caller's thread
        return pool.submit(asyncio.run, _call_exactly(target, calls, connections)).result()


async def _call_exactly(target: Target, calls: int, connections: int) -> int:
    shares = [calls // connections + (at < calls % connections) for at in range(connections)]
    return sum(await asyncio.gather(*(_one_after_another(target, share) for share in shares)))


async def _one_after_another(target: Target, calls: int) -> int:
    address = urlsplit(target.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(target.body)), **target.headers}
    lines = [f"POST {address.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    call = "\r\n".join([*lines, "", ""]).encode() + target.body
    answered = 0
    for _ in range(calls):
        writer.write(call)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        answered += head.startswith(b"http/1.1 200")
    writer.close()
    return answered


def _script(target: Target, folder: Path) -> Path:
    headers = "\n".join(f'wrk.headers["{k}"] = "{v}"' for k, v in target.headers.items())
    path = folder / "call.lua"
    path.write_text(_SCRIPT.format(body=target.body.decode(), headers=headers))
    return path
