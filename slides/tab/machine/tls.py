"""`ssl` in a tab, whose Python comes with a stub of it: TLS by tlslite-ng, over these sockets.

The handshake, certificates, alerts and what programs see of them are real. The bytes are not
encrypted, only authenticated: they never leave the tab, and ciphers in Python would be slow.
"""

import ssl
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from machine.sockets import Socket

WANT_READ = 0  # what tlslite's generators yield, beside WANT_WRITE
PIECE = 16384  # bytes that one record holds


class Session:
    """One end of a TLS connection: what `ssl.SSLObject` and `ssl.SSLSocket` have in common."""

    _session: Any  # tlslite's connection
    context: Any
    server_side: bool
    server_hostname: str | None

    def _begin(
        self, transport: Any, context: Any, server_side: bool, server_hostname: str | None
    ) -> None:
        self._session = _library().Connection(transport, context, server_hostname)
        self._steps: dict[str, Iterator[Any]] = {}
        self._is_shaken = False
        self._piece = b""  # that is being sent
        self.context, self.server_side, self.server_hostname = context, server_side, server_hostname

    def _wait_for(self, step: int) -> None:
        raise NotImplementedError

    def _go(self, name: str, begin: Callable[[], Iterator[Any]]) -> None:
        """Go on with what was begun, until it is done; raise what it waits for, if that is due."""
        steps = self._steps.get(name) or begin()
        self._steps[name] = steps
        try:
            for step in steps:
                if isinstance(step, int):
                    self._wait_for(step)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except Exception as error:
            del self._steps[name]
            raise self._session.as_ssl_error(error) from None
        del self._steps[name]

    def do_handshake(self, block: bool = False) -> None:
        if not self._is_shaken:
            self._go("handshake", lambda: self._session.shake(self.server_side))
            self._is_shaken = True

    def read(self, count: int = 1024, buffer: Any = None) -> Any:
        self.do_handshake()
        if not self._session.buffered and not self._session.closed:
            self._go("read", lambda: self._session.readAsync(0, 1))
        data = self._session.take(count)
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        self.do_handshake()
        if not self._piece:  # or it has been tried before, maybe with less
            with memoryview(data) as raw, raw.cast("B") as view:
                self._piece = bytes(view[:PIECE])
        self._go("write", lambda: self._session.writeAsync(self._piece))
        count, self._piece = len(self._piece), b""
        return count

    def pending(self) -> int:
        return self._session.buffered

    def unwrap(self) -> Any:
        self._go("unwrap", self._session.closeAsync)
        return self

    def getpeercert(self, binary_form: bool = False) -> Any:
        return self._session.peer_certificate(binary_form)

    def version(self) -> str | None:
        return "TLSv1.2" if self._is_shaken else None

    def cipher(self) -> tuple[str, str, int] | None:
        return (self._session.getCipherName(), "TLSv1.2", 0) if self._is_shaken else None

    def selected_alpn_protocol(self) -> str | None:
        name = self._session.session and self._session.session.appProto
        return name.decode() if name else None

    def compression(self) -> None:
        return None

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        return None


class SSLObject(Session):
    """`ssl.SSLObject`."""

    def _wait_for(self, step: int) -> None:
        raise _wanted(step)


class SSLSocket(Session, Socket):
    """`ssl.SSLSocket`."""

    _shakes_at_once = False

    def _wait_for(self, step: int) -> None:
        if self._timeout == 0:
            raise _wanted(step)
        self._wait(self._end.is_readable if step == WANT_READ else self._end.is_writable)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        with memoryview(buffer) as raw, raw.cast("B") as view:
            return self.read(nbytes or len(view), view)

    def recv(self, bufsize: int = 1024, flags: int = 0) -> bytes:
        return self.read(bufsize)

    def send(self, data: Any, flags: int = 0) -> int:
        return self.write(data)

    def accept(self) -> Any:
        near, address = super().accept()
        return self.context.wrap_socket(near, server_side=True), address

    def connect(self, address: Any) -> None:
        super().connect(address)
        if self._shakes_at_once:
            self.do_handshake()

    def unwrap(self) -> Socket:
        super().unwrap()
        return Socket(fileno=self.detach())


def _library() -> Any:
    """What speaks TLS: it is fetched for the first program that does."""
    with_dbm = sys.modules.setdefault("dbm", types.ModuleType("dbm"))  # tlslite imports it
    try:
        from machine import tls_connection
    finally:
        if not hasattr(with_dbm, "open"):  # Pyodide has none
            del sys.modules["dbm"]
    return tls_connection


def _wanted(step: int) -> ssl.SSLError:
    if step == WANT_READ:
        return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete")
    return ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete")


def wrap_socket(  # noqa: PLR0917 - as ssl has it
    context: ssl.SSLContext,
    sock: Socket,
    server_side: bool = False,
    do_handshake_on_connect: bool = True,
    suppress_ragged_eofs: bool = True,
    server_hostname: str | None = None,
    session: Any = None,
) -> SSLSocket:
    """`ssl.SSLContext.wrap_socket`."""
    timeout = sock.gettimeout()
    near = SSLSocket(fileno=sock.detach())
    near.settimeout(timeout)
    near._begin(_library().Transport(near._open), context, server_side, server_hostname)
    near._shakes_at_once = do_handshake_on_connect
    if near._end.far is not None and do_handshake_on_connect:
        near.do_handshake()
    return near


def wrap_bio(  # noqa: PLR0917 - as ssl has it
    context: ssl.SSLContext,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    server_side: bool = False,
    server_hostname: str | None = None,
    session: Any = None,
) -> SSLObject:
    """`ssl.SSLContext.wrap_bio`."""
    near = SSLObject()
    near._begin(_library().Memory(incoming, outgoing), context, server_side, server_hostname)
    return near


def set_alpn_protocols(context: Any, alpn_protocols: list[str]) -> None:
    """`ssl.SSLContext.set_alpn_protocols`."""
    context._alpn = [bytearray(name.encode()) for name in alpn_protocols]


def install() -> None:
    """Have the `ssl` module make these connections."""
    module: Any = ssl
    module.SSLSocket, module.SSLObject = SSLSocket, SSLObject
    module.SSLContext.wrap_socket, module.SSLContext.wrap_bio = wrap_socket, wrap_bio
    module.SSLContext.set_alpn_protocols = set_alpn_protocols
