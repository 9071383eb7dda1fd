"""The server as a process: it ends with everything it started, however it is told to."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from serving import LINLI, free_port, run_linli


@pytest.fixture(scope="module")
def empty_instance(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instance") / "empty"
    run_linli("init", folder)
    return folder


def members(group: int) -> list[str]:
    """Command lines of the processes of a group that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, at = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(at) == group and state != "Z":
                found.append((folder / "cmdline").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return found


def test_ctrl_c_ends_every_process(empty_instance, served):
    server = served(empty_instance, "demo")
    assert len(members(server.process.pid)) > 1  # `served` sends Ctrl-C and fails when a process is left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_scheduler_does_not_outlive_its_server(empty_instance, number, tmp_path):
    line = [*LINLI, "--instance", str(empty_instance), "demo", "--port", str(free_port())]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: "http" in (tmp_path / "log").read_text() and scheduler_runs(process.pid))
        os.kill(process.pid, number)  # to the server alone
        process.wait(timeout=20)
        until(lambda: not members(process.pid))
    finally:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def scheduler_runs(group: int) -> bool:
    return any("spawn_main" in line for line in members(group))


def until(condition, *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)
