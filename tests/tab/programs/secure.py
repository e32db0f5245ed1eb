"""TLS: Tornado's server and client, asyncio's streams, a socket that blocks; whom one trusts."""

import asyncio
import logging
import socket
import ssl

from tornado.httpclient import AsyncHTTPClient
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.web import Application, RequestHandler

logging.disable()  # how a handshake failed, in OpenSSL's words
LARGE = b"x" * 300_000


class Main(RequestHandler):
    def get(self) -> None:
        self.write(f"{self.request.protocol} {self.request.version}")


async def fetch(address: str, **options: object) -> None:
    try:
        response = await AsyncHTTPClient().fetch(address, **options)
        print(response.body)
    except ssl.SSLError as error:
        print(type(error).__name__)
    except (OSError, HTTPStreamClosedError):
        print("closed")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(len(LARGE)))
    await writer.drain()
    writer.close()


def blocking(port: int, client: ssl.SSLContext) -> bool:
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        client.wrap_socket(plain, server_hostname="foo.example.com") as secure,
    ):
        print(secure.getpeercert()["subjectAltName"], secure.version() > "TLSv1.1")
        secure.sendall(LARGE)
        received = b""
        while data := secure.recv(65536):
            received += data
        return received == LARGE


async def main() -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain("server.crt", "server.key")
    web = Application([("/", Main)]).listen(0, "127.0.0.1", ssl_options=server)
    [listening] = web._sockets.values()
    address = f"https://127.0.0.1:{listening.getsockname()[1]}/"
    await fetch(address, validate_cert=False)
    await fetch(address)
    await fetch(address, ca_certs="server.crt")
    await fetch(address.replace("https", "http"), request_timeout=5)
    web.stop()
    streams = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server)
    port = streams.sockets[0].getsockname()[1]
    client = ssl.create_default_context(cafile="server.crt")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=client, server_hostname="foo.example.com"
    )
    writer.write(LARGE)
    print(await reader.read() == LARGE)
    writer.close()
    print(await asyncio.to_thread(blocking, port, client))
    streams.close()


asyncio.run(main())
