"""What joins the processes of a room: a bus tells the others that something happened.

The truth is in the store, so a bus may lose messages as long as it says so: whoever missed one is
told to look at the store again (`on_resync`). A bus carries any bytes, to all others but not back,
in the order in which one process published them.
"""

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

Heard = Callable[[bytes], None]
Resync = Callable[[], None]

CHANNEL = "async-talk.room"  # what a bus is called on a server, unless its address says otherwise
REDIS = ("redis", "rediss", "unix")  # over the network, over TLS, within the machine
EXAMPLES = "redis://127.0.0.1:6379 or amqp://guest:guest@127.0.0.1:5672"
INSTALL = "pip install -e '.[room]'"

log = logging.getLogger(__name__)


class Unusable(ValueError):
    """No bus can be had at this address; the text is for whoever starts the server."""


class Bus(ABC):
    """Tells other processes, and hears them. All of it belongs to one event loop."""

    connected = False  # whether what is published now is on its way

    @abstractmethod
    async def start(self, on_message: Heard, on_resync: Resync) -> None:
        """Begin to hear. A server that is away keeps nobody waiting for long.

        `on_resync` is called whenever something may have been missed: once after each connection
        that is made, the first one too, and when a number is missing in what another one said.
        """

    @abstractmethod
    def publish(self, message: bytes) -> None:
        """Tell all others, soon. Never waits, never raises."""

    @abstractmethod
    async def close(self) -> None:
        """Hear no more, and leave nothing behind."""


class MemoryBus(Bus):
    """A bus inside of a process: those that were made with the same list hear each other."""

    def __init__(self, members: list["MemoryBus"] | None = None) -> None:
        self._members = [] if members is None else members

    async def start(self, on_message: Heard, on_resync: Resync) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_message = on_message
        self._members.append(self)
        self.connected = True
        on_resync()

    def publish(self, message: bytes) -> None:
        if self.connected:
            for member in self._members:
                if member is not self:
                    self._loop.call_soon(member._hear, message)

    async def close(self) -> None:
        if self.connected:
            self.connected = False
            self._members.remove(self)

    def _hear(self, message: bytes) -> None:
        if self.connected:
            hand_over(self._on_message, message)


def hand_over(on_message: Heard, message: bytes) -> None:
    """Let the owner of a bus have a message; whatever comes of it, the bus goes on."""
    try:
        on_message(message)
    except Exception:
        log.exception("a message on the bus could not be handled")


def open_bus(url: str) -> Bus:
    """The bus of an address: "" or memory://, redis://…, unix://… (Redis, too), amqp://….

    Raises `Unusable`.

    `?channel=NAME` keeps talks apart that share a server. Nothing is connected before `start`.
    """
    if url in ("", "memory://"):
        return MemoryBus()
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme not in (*REDIS, "amqp", "amqps"):
        # The rest of an address may have a password in it.
        given = f"{scheme}://" if scheme else "this"
        raise Unusable(f"no bus has an address like {given}: try {EXAMPLES}, or memory://")
    try:
        url, channel, address = take_apart(url)
    except ValueError as error:
        raise Unusable(f"the address of the bus makes no sense ({error}): try {EXAMPLES}") from None
    return connect_with(scheme, url, channel, address)


def connect_with(scheme: str, url: str, channel: str, address: str) -> Bus:
    """The bus of a server, if what it takes is installed."""
    from slides.room.bus_server import Link, ServerBus

    link: Link
    try:
        if scheme in REDIS:
            from slides.room.bus_redis import RedisLink

            link = RedisLink(url, channel)
        else:
            from slides.room.bus_amqp import AmqpLink

            link = AmqpLink(url, channel)
    except ImportError:
        package = "redis" if scheme in REDIS else "aio-pika"
        raise Unusable(f"{scheme}:// needs the package {package}: {INSTALL}") from None
    except (TypeError, ValueError) as error:
        raise Unusable(f"the address of the bus makes no sense ({error}): try {EXAMPLES}") from None
    return ServerBus(link, address)


def take_apart(url: str) -> tuple[str, str, str]:
    """An address without what is ours, the channel, and the address as it may be shown.

    ValueError when it is none.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    channel = options.pop("channel", CHANNEL)
    if not re.fullmatch(r"[\w.-]{1,100}", channel, re.ASCII) or channel.startswith("amq."):
        raise ValueError("a channel is called by letters, digits, dots and dashes")
    if parts.scheme == "unix" and (parts.netloc or not parts.path):
        raise ValueError("a socket has a path: unix:///…")
    port = "" if parts.port is None else f":{parts.port}"
    place = parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}{port}"
    shown = f"{parts.scheme}://{place}"
    return parts._replace(query=urlencode(options)).geturl(), channel, shown
