"""A process that has imported all a kernel needs, and forks a kernel from itself on request.

A kernel's start is mostly imports; a fork of a process that has them already is ready in a
fraction of the time, and is as separate from every other kernel as any process is.

It is run as `python -m slides.build.zygote FD`, where FD is one end of a socket pair. A line of
JSON on it, `{"argv": […], "cwd": …, "env": {…}}`, asks for a kernel; the answers are lines too,
`{"pid": …}` for each kernel and `{"ended": …, "status": …}` when one has ended. When the other end
is closed, however that happened, every kernel is killed and the zygote ends.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any, NoReturn

# Imported here only to be there already in every kernel.
import ipykernel.ipkernel
import ipykernel.kernelapp
import ipykernel.zmqshell

import slides.figures
import slides.live  # noqa: F401


class Zygote:
    """Forks kernels for one build."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.kernels: set[int] = set()
        self.wakeup, written = socket.socketpair()
        self.written = written
        for end in (self.wakeup, written):
            end.setblocking(False)
        signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Ctrl-C reaches the whole process group; the build decides what happens.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        """Serve requests until the build closes its end."""
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            selector.register(self.wakeup, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.wakeup in ready:
                    self.wakeup.recv(4096)
                    self.reap()
                if self.connection in ready:
                    received = self.connection.recv(65536)
                    if not received:
                        return
                    *lines, pending = (pending + received).split(b"\n")
                    for line in lines:
                        self.fork(json.loads(line))

    def fork(self, request: dict[str, Any]) -> None:
        """Start one kernel and tell its process id."""
        pid = os.fork()
        if pid == 0:
            self.become_kernel(request)
        self.kernels.add(pid)
        self.answer(pid=pid)

    def become_kernel(self, request: dict[str, Any]) -> NoReturn:
        """Turn the forked process into the kernel; never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            for end in (self.connection, self.wakeup, self.written):
                end.close()
            os.setsid()
            os.chdir(request["cwd"])
            os.environ.clear()
            os.environ.update(request["env"])
            sys.path.insert(0, request["cwd"])
            # A kernel that knows its parent ends with it.
            parent = f"--IPKernelApp.parent_handle={os.getppid()}"
            ipykernel.kernelapp.IPKernelApp.launch_instance([*request["argv"], parent])
            status = 0
        finally:
            os._exit(status)

    def reap(self) -> None:
        """Collect the kernels that ended, and say so."""
        for pid in list(self.kernels):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self.kernels.discard(pid)
                self.answer(ended=pid, status=os.waitstatus_to_exitcode(status))

    def answer(self, **message: int) -> None:
        """Send a line; a build that is gone needs none."""
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def kill(self) -> None:
        """End every kernel, with whatever it started in its process group."""
        for pid in self.kernels:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                # It has no group of its own yet.
                os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Run on the socket whose file descriptor is the first argument."""
    # What is there now is never freed: leave its pages shared with the kernels.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        zygote = Zygote(connection)
        try:
            zygote.run()
        finally:
            zygote.kill()


if __name__ == "__main__":
    main()
