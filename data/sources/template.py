"""A process that has imported every parser and has seen no file; each file is parsed in a fork of it.

Starting an interpreter with its parsers takes over half a second, a fork a hundredth. A fork has read nothing before
its own file and ends with it, so one file's ruin never reaches the next. The process has no setting, secret or database
address in its environment. It ends with this one, and is started again where it has died.
"""

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from threading import Lock

WORD = b"f"  # asks for a fork, with its handles
MOST_HANDLES = 128
NUMBER = struct.Struct(">q")  # the process group of a fork, told first
LAST = struct.Struct(">qd")  # then its status as `subprocess` has it, and the seconds of processor it used
PATIENCE = 10.0  # seconds until a process that was killed is gone
# One thread and the plain allocator: others reserve more address space than the whole limit.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@cache
def template() -> "Template":
    """The one of this process. It holds nothing of any application, so those in one process may share it."""
    return Template()


class Template:
    """The process, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.process: subprocess.Popen | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Its number while it is there."""
        return self.process.pid if self.process is not None else None

    def fork(self, handles: Sequence[int]) -> "Fork":
        """A fork that has these handles, and waits for its order. Raises OSError where the machine has none to give."""
        stream, its_stream = socket.socketpair()
        told, its_told = socket.socketpair()
        with its_stream, its_told:
            try:
                self._ask([its_stream.fileno(), its_told.fileno(), *handles])
            except BaseException:
                stream.close()
                told.close()
                raise
        return Fork(stream, told)

    def _ask(self, handles: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._control or self._start(), [WORD], handles)
            except (BrokenPipeError, ConnectionResetError):
                self._forget()
                with suppress(BrokenPipeError, ConnectionResetError):  # then nothing is heard of the fork
                    socket.send_fds(self._start(), [WORD], handles)

    def _start(self) -> socket.socket:
        control, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "data.sources.child"],
                    stdin=its.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    env=environment(), cwd=tempfile.gettempdir(), start_new_session=True,
                )  # fmt: skip
            except BaseException:
                control.close()
                raise
        self._control = control
        return control

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None


def environment() -> dict[str, str]:
    """What the process is told: where the parsers lie, and nothing of the application."""
    return _ENVIRONMENT | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PATH": os.defpath,
    }


class Fork:
    """One fork: a stream that takes its order and gives its answers, and the word of the process that watches it."""

    def __init__(self, stream: socket.socket, told: socket.socket) -> None:
        self.stream = stream
        self.processor = 0.0  # seconds, once it has ended by itself
        self._told, self._group, self._status = told, 0, None

    def wait(self, patience: float = PATIENCE) -> int | None:
        """Its status as `subprocess` has it; None where nothing is heard in time, as of one that never began."""
        while self._status is None and self._hear(patience):
            pass
        return self._status

    def end(self) -> None:
        """Kill what is left of it, and return when it is gone. It may be called again."""
        if self._told.fileno() < 0:
            return
        self.stream.close()
        if self._status is None:
            self._hear(0.0)
            if self._group and self._status is None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._group, signal.SIGKILL)
                while self._hear(PATIENCE):
                    pass
        self._told.close()

    def _hear(self, patience: float) -> bool:
        """Take the next word of the watching process; whether there was one."""
        ready, _, _ = select.select([self._told], [], [], patience)
        form = LAST if self._group else NUMBER
        word = self._told.recv(form.size, socket.MSG_WAITALL) if ready else b""
        if len(word) < form.size:
            return False
        if not self._group:
            (self._group,) = form.unpack(word)
        else:
            self._status, self.processor = form.unpack(word)
        return True
