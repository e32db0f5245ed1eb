"""Real servers for the bus, each on free loopback ports and with a folder of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SECONDS = 90  # for a server to answer, on a machine that is busy with others
BROKER = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the one on the path starts another user's broker
CONFIGURATION = """\
vm_memory_high_watermark.absolute = 256MB
disk_free_limit.absolute = 50MB
"""
# Two schedulers, which do not spin: others are at work on this machine.
ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none"


class Server:
    """A server in a process group of its own, which can be stopped in every way there is."""

    account = ""  # which it runs under when the tests are run by root, and it refuses that
    hello = b""
    answer = b""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{type(self).__name__.lower()}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, object] = {}
        if self.account and os.geteuid() == 0:
            entry = pwd.getpwnam(self.account)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def environment(self) -> dict[str, str] | None:
        """Its environment; None is the one of the tests."""
        return None

    def launch(self) -> None:
        """Begin to start; `ready` waits for it."""
        self.process = self.spawn(self.command())

    def ready(self) -> None:
        """Wait until it answers in its own protocol."""
        end = time.monotonic() + SECONDS
        while not self.answers():
            assert self.process is not None and self.process.poll() is None, self.said()
            assert time.monotonic() < end, f"not ready in {SECONDS} s:\n{self.said()}"
            time.sleep(0.02)

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.launch()
        self.ready()

    def answers(self) -> bool:
        """Whether it speaks its protocol."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(self.hello)
                return connection.recv(64).startswith(self.answer)
        except OSError:
            return False

    def signal(self, number: int) -> None:
        """To all of its processes."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """As by a power cut."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def pause(self) -> None:
        """The system still accepts connections for it, and nothing else happens."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """After `pause`."""
        self.signal(signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing behind. What it had to keep is of no interest."""
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder)

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program of this server."""
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=self.folder,
                start_new_session=True,
                **self._as,  # type: ignore[call-overload]
            )

    def said(self) -> str:
        """What is in its log."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]


class RedisServer(Server):
    """A Redis that keeps nothing."""

    hello, answer = b"PING\r\n", b"+PONG"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return ["redis-server", *place, "--save", "", "--appendonly", "no"]


class RabbitServer(Server):
    """A RabbitMQ with a name service of its own: the machine may have another one."""

    account = "rabbitmq"
    hello, answer = b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00"

    def __init__(self) -> None:
        super().__init__()
        self.names = free_port()
        self.nodes = free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        (self.folder / "rabbitmq.conf").write_text(CONFIGURATION)
        (self.folder / "enabled_plugins").write_text("[].\n")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [BROKER]

    def environment(self) -> dict[str, str]:
        home = str(self.folder)
        return {
            "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": home,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.names),
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_DIST_PORT": str(self.nodes),
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": f"{home}/log.d",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_NODENAME": f"room{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        }

    def launch(self) -> None:
        if self._epmd is None:
            place = ["-port", str(self.names), "-address", "127.0.0.1"]
            self._epmd = self.spawn(["epmd", *place])
        super().launch()

    def close(self) -> None:
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
        super().close()


def free_port() -> int:
    """A port of the loopback address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
