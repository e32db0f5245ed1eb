"""Descriptors: duplicates, pipes, files over them, and sockets that somebody drops."""

import asyncio
import errno
import gc
import io
import os
import socket
import stat

from tornado.iostream import PipeIOStream


def duplicates() -> None:
    one, other = socket.socketpair()
    twin = other.dup()
    other.close()
    twin.sendall(b"from the twin")
    print(one.recv(100), twin.fileno() != one.fileno())
    taken = socket.socket(fileno=twin.detach())
    taken.close()
    print(one.recv(100), twin.fileno())
    os.close(one.fileno())
    try:
        one.recv(1)
    except OSError as error:
        print(errno.errorcode[error.errno])
    one.detach()


def dropped() -> None:
    one, other = socket.socketpair()
    del other
    gc.collect()
    print("dropped:", one.recv(1))
    one.close()


def pipes() -> None:
    reader, writer = os.pipe()
    print(os.write(writer, b"some bytes"), os.read(reader, 4), os.get_blocking(reader))
    os.set_blocking(reader, False)
    print(os.read(reader, 100))
    try:
        os.read(reader, 1)
    except BlockingIOError:
        print("nothing yet")
    with os.fdopen(writer, "w") as file:
        file.write("a line\nand another\n")
    with os.fdopen(reader) as file:
        print(file.readlines())
    reader, writer = os.pipe()
    os.close(reader)
    try:
        os.write(writer, b"x")
    except BrokenPipeError:
        print("broken pipe")
    with io.FileIO(writer, "w") as file:
        print(file.fileno() == writer, file.writable(), file.readable(), os.isatty(writer))


async def streams() -> None:
    reader, writer = (PipeIOStream(fd) for fd in os.pipe())
    written = writer.write(b"x" * 1_000_000 + b"end")
    print(len(await reader.read_until(b"end")))
    await written
    writer.close()
    print(await reader.read_until_close())
    one, other = os.pipe()
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(one, "rb"))
    os.write(other, b"through asyncio\n")
    print(await lines.readline())
    os.close(other)
    print(await lines.read())
    transport.close()


duplicates()
dropped()
pipes()
asyncio.run(streams())
print(stat.S_ISREG(os.fstat(os.open(__file__, os.O_RDONLY)).st_mode))
