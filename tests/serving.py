"""A `linli` server of its own for a test: started on a free port, stopped with everything it started."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINLI = [sys.executable, str(ROOT / "app.py")]


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process and its log."""

    url: str
    process: subprocess.Popen
    log: Path


def run_linli(*arguments: object, check: bool = True, **options) -> subprocess.CompletedProcess:
    """Run one `linli` command to its end, with its output captured as text."""
    command = [*LINLI, *(str(part) for part in arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8", **options)
    if check and done.returncode:
        raise AssertionError(f"linli {' '.join(command[2:])}: exit {done.returncode}\n{done.stderr}")
    return done


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    instance: Path, command: str = "serve", *arguments: str, log: Path, wait: float = 60
) -> Iterator[Server]:
    """Start `linli serve` (or demo) on `instance`, yield once it is ready, end its whole process group."""
    port = free_port()
    line = [*LINLI, "--instance", str(instance), command, "--port", str(port), *arguments]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with open(log, "wb") as sink:
        process = subprocess.Popen(line, stdout=sink, stderr=sink, env=env, start_new_session=True)
    try:
        server = Server(f"http://127.0.0.1:{port}", process, log)
        _until_ready(server, wait)
        yield server
    finally:
        _stop(process)


def _until_ready(server: Server, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            urllib.request.urlopen(f"{server.url}/readyz", timeout=5).close()
            return
        except (urllib.error.URLError, OSError) as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                text = server.log.read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"{server.url}: {error}; expected a server\n{text[-4000:]}") from None
            time.sleep(0.05)


def _stop(process: subprocess.Popen) -> None:
    """Ctrl-C as a terminal sends it: to the whole group; nothing of it may be left."""
    deadline = time.monotonic() + 15
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    while _alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    if _alive(process):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise AssertionError("linli: processes left 15 s after Ctrl-C; expected none")


def _alive(process: subprocess.Popen) -> bool:
    process.poll()  # reaps the leader, whose zombie would still count
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
