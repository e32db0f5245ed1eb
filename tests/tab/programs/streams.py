"""asyncio's own streams: an echo server, ten megabytes, two hundred clients, a timeout."""

import asyncio

LARGE = bytes(range(256)) * 40_000
CLIENTS = 200


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def through(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(data)
    writer.write_eof()
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


async def main() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        print("large:", await through(port, LARGE) == LARGE)
        received = await asyncio.gather(*(through(port, b"%d" % n) for n in range(CLIENTS)))
        print("many:", received == [b"%d" % n for n in range(CLIENTS)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.wait_for(reader.readline(), 0.05)
        except asyncio.TimeoutError:  # noqa: UP041 - the old name
            print("timeout")
        print(writer.get_extra_info("peername") == ("127.0.0.1", port))
        writer.close()
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        print("refused")


asyncio.run(main())
