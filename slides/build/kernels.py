"""Kernels for the build, forked from a warm process and each used for one notebook only."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets.config import Config

from slides.build.forks import Zygote
from slides.notebook import ROOT

Started = tuple[AsyncKernelManager, Any]  # a kernel's manager, and a client that is ready

START_TIMEOUT = 60  # seconds


class ThisPython(KernelSpecManager):
    """Knows one kernel, this very Python; the kernels a user installed play no part."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the one kernel there is, whatever it is called."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class ForkProvisioner(LocalProvisioner):
    """Has the zygote fork a kernel where Jupyter would start a process."""

    zygote: Zygote

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel; `cmd` is the command that would start one, of which the end counts."""
        argv = cmd[cmd.index("-f") :]
        process = await self.zygote.fork(argv, str(kwargs["cwd"]), kwargs["env"])
        self.process: Any = process
        self.pid = self.pgid = process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        if self.process is None:
            return 0
        status = await asyncio.shield(self.process.ended)
        self.process = None
        return int(status)


class Kernels:
    """Starts kernels for notebooks; used as an asynchronous context manager.

    They are forked from `zygote`, which is closed with them; without one each is started anew.
    With `spare`, a folder, a kernel for the next notebook there is kept ready.
    """

    def __init__(self, zygote: Zygote | None = None, spare: Path | None = None) -> None:
        self.zygote = zygote
        self._folder = tempfile.TemporaryDirectory(prefix="kernels-")
        self._count = 0
        self._spare_folder = spare
        self._spare: asyncio.Task[Started] | None = None

    async def __aenter__(self) -> "Kernels":
        if self.zygote is not None:
            await self.zygote.open()
        self._prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._spare is not None:
            with contextlib.suppress(Exception):
                await _end(*await self._spare)
        if self.zygote is not None:
            await self.zygote.close()
        self._folder.cleanup()

    @contextlib.asynccontextmanager
    async def kernel(self, cwd: Path) -> AsyncIterator[Started]:
        """Run a kernel and give its manager and a client that is ready; kill it in the end."""
        if self._spare is not None and cwd == self._spare_folder:
            spare, self._spare = self._spare, None
            started = await spare
        else:
            started = await self._start(cwd)
        try:
            yield started
        finally:
            await _end(*started)
            self._prepare()

    def _prepare(self) -> None:
        if self._spare_folder is not None and self._spare is None:
            self._spare = asyncio.create_task(self._start(self._spare_folder))

    async def _start(self, cwd: Path) -> Started:
        manager = self._manager()
        await manager.start_kernel(cwd=str(cwd), env=self._environment(), extra_arguments=[])
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=START_TIMEOUT)
        except BaseException:
            await _end(manager, client)
            raise
        client.allow_stdin = False
        return manager, client

    def _environment(self) -> dict[str, str]:
        """The kernels' environment: they record, and the user's own settings play no part."""
        path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        return os.environ | {
            "SLIDES_RECORD": "1",
            "IPYTHONDIR": str(Path(self._folder.name) / "ipython"),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }

    def _manager(self) -> AsyncKernelManager:
        self._count += 1
        manager = AsyncKernelManager(
            config=Config({"KernelManager": {"transport": "ipc"}}),
            kernel_spec_manager=ThisPython(),
            connection_file=str(Path(self._folder.name) / f"{self._count}.json"),
        )
        if self.zygote is not None:
            manager.kernel_id = str(self._count)
            provisioner = ForkProvisioner(
                kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager
            )
            provisioner.zygote = self.zygote
            manager.provisioner = provisioner
        return manager


async def _end(manager: AsyncKernelManager, client: Any) -> None:
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
