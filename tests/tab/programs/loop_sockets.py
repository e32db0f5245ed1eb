"""What asyncio's loop does with sockets itself: sock_accept, sock_recv, add_reader."""

import asyncio
import socket
import tempfile


async def main() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        server.setblocking(False)
        client.setblocking(False)
        accepting = asyncio.create_task(loop.sock_accept(server))
        await loop.sock_connect(client, server.getsockname())
        near, address = await accepting
        print("address:", address == client.getsockname())
        await loop.sock_sendall(client, b"hello " * 100_000)
        buffer, received = bytearray(1000), b""
        while len(received) < 600_000:
            count = await loop.sock_recv_into(near, buffer)
            received += buffer[:count]
        print(received == b"hello " * 100_000)
        with tempfile.TemporaryFile() as file:
            file.write(b"from a file")
            file.seek(0)
            print("sent:", await loop.sock_sendfile(client, file))
        print(await loop.sock_recv(near, 100))
        read = loop.create_future()
        loop.add_reader(near, lambda: read.set_result(near.recv(10)))
        client.send(b"ready")
        print(await read, loop.remove_reader(near))
        near.close()
        print("end:", await loop.sock_recv(client, 10))


asyncio.run(main())
