"""A TLS connection of tlslite-ng that trusts whom a context of `ssl` trusts."""

import errno
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.constants import AlertDescription
from tlslite.errors import TLSAbruptCloseError, TLSClosedConnectionError, TLSRemoteAlert
from tlslite.utils.pem import dePemList

from machine.certificates import is_address, matches, names
from machine.endpoints import Endpoint

OLD_ALERTS = {0, 10, 20, 30, *range(40, 48)}  # which OpenSSL calls by the name of SSL 3


class Refused(Exception):
    """The other end's certificate is not trusted."""

    alert = AlertDescription.unknown_ca


class Mismatch(Refused):
    """It is for another host."""

    alert = AlertDescription.bad_certificate


class Transport:
    """The socket that tlslite sees: below TLS, and it never blocks."""

    def __init__(self, end: Callable[[], Endpoint]) -> None:
        self.end = end

    def send(self, data: Any) -> int:
        with memoryview(data) as view:
            return self.end().put(view)

    def sendall(self, data: Any) -> None:
        while data:
            data = data[self.send(data) :]

    def recv(self, count: int) -> bytes:
        end = self.end()
        buffer = bytearray(min(count, max(len(end.arrived), 1)))
        return bytes(buffer[: end.get(memoryview(buffer))])

    def close(self) -> None:
        pass


class Memory:
    """The same over two `ssl.MemoryBIO`, as asyncio has it."""

    def __init__(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def send(self, data: Any) -> int:
        return self.outgoing.write(bytes(data))

    sendall = send

    def recv(self, count: int) -> bytes:
        if not self.incoming.pending and not self.incoming.eof:
            raise BlockingIOError(errno.EAGAIN, "nothing yet")
        return self.incoming.read(count)

    def close(self) -> None:
        pass


class Connection(TLSConnection):
    """One end: `context` says what it shows and whom it trusts."""

    def __init__(self, transport: Any, context: Any, hostname: str | None) -> None:
        super().__init__(transport)
        self.context, self.hostname = context, hostname
        self.ignoreAbruptClose = True
        self.closeSocket = False
        self.refusal: Refused | None = None
        self._readBuffer: bytearray

    def shake(self, server_side: bool) -> Iterator[Any]:
        """The handshake, step by step."""
        settings = HandshakeSettings()
        settings.minVersion = settings.maxVersion = (3, 3)
        settings.cipherNames = ["null"]
        settings.keyExchangeNames = ["rsa", "ecdhe_ecdsa"]
        settings.macNames = ["sha256", "sha"]
        chain, key = self._own()
        alpn = getattr(self.context, "_alpn", None)
        if not server_side:
            yield from self.handshakeClientCert(
                chain,
                key,
                settings=settings,
                serverName=None if is_address(self.hostname) else self.hostname,
                async_=True,
                alpn=alpn,
            )
            return
        if chain is None:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, "[SSL: NO_SHARED_CIPHER] no shared cipher")
        ask = self.context.verify_mode != ssl.CERT_NONE
        yield from self.handshakeServerAsync(
            certChain=chain, privateKey=key, reqCert=ask, settings=settings, alpn=alpn
        )
        if self.context.verify_mode == ssl.CERT_REQUIRED and not self.session.clientCertChain:
            self.refusal = Refused("peer did not return a certificate")
            raise self.refusal

    def _own(self) -> tuple[Any, Any]:
        certificate = getattr(self.context, "_certfile_data", None)
        if certificate is None:
            return None, None
        key = getattr(self.context, "_keyfile_data", certificate)
        chain = X509CertChain()
        chain.parsePemList(certificate)
        return chain, parsePEMKey(key, private=True)

    def _check_certchain_with_settings(self, cert_chain: Any, settings: Any) -> Iterator[Any]:
        try:
            self._verify(cert_chain.x509List[0])
        except Refused as refusal:
            self.refusal = refusal
            yield from self._sendError(refusal.alert, str(refusal))
        yield from super()._check_certchain_with_settings(cert_chain, settings)

    def _verify(self, certificate: Any) -> None:
        if self.context.verify_mode == ssl.CERT_NONE:
            return
        trusted = dePemList(getattr(self.context, "_ca_data", ""), "CERTIFICATE")
        if bytes(certificate.bytes) not in [bytes(each) for each in trusted]:
            raise Refused("self-signed certificate, or its issuer is not known")
        if self.context.check_hostname and not matches(self.hostname, names(certificate)):
            raise Mismatch(f"Hostname mismatch, certificate is not valid for '{self.hostname}'.")

    def as_ssl_error(self, error: Exception) -> Exception:
        """What `ssl` raises for an error of tlslite's."""
        if self.refusal is not None:
            text = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {self.refusal}"
            return ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, text)
        if isinstance(error, TLSAbruptCloseError | TLSClosedConnectionError):
            return ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol")
        if isinstance(error, OSError):
            return error
        reason = type(error).__name__
        if isinstance(error, TLSRemoteAlert):
            version = "SSLV3" if error.description in OLD_ALERTS else "TLSV1"
            reason = f"{version}_ALERT_{error}".upper()
        return ssl.SSLError(ssl.SSL_ERROR_SSL, f"[SSL: {reason}] {error}")

    @property
    def buffered(self) -> int:
        """How many bytes have been decoded, and not read."""
        return len(self._readBuffer)

    def take(self, count: int) -> bytes:
        """At most so many of them."""
        data = bytes(self._readBuffer[:count])
        self._readBuffer = self._readBuffer[count:]
        return data

    def peer_certificate(self, binary: bool) -> Any:
        """What `getpeercert` gives."""
        session = self.session
        chain = session and (session.serverCertChain if self._client else session.clientCertChain)
        if not chain:
            return None
        certificate = chain.x509List[0]
        if binary:
            return bytes(certificate.bytes)
        if self.context.verify_mode == ssl.CERT_NONE:
            return {}
        return {"subjectAltName": tuple(names(certificate))}
