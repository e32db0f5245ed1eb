"""What runs for long leaves nothing behind: connections, tasks, cycles, threads."""

import asyncio
import gc
import threading
import weakref


class Node:
    """Garbage that only a collector finds."""

    def __init__(self) -> None:
        self.itself = self


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()


async def main() -> None:
    nodes: weakref.WeakSet = weakref.WeakSet()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for number in range(300):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"%d\n" % number)
        assert await reader.read() == b"%d\n" % number
        writer.close()
        await writer.wait_closed()
        for _ in range(100):
            nodes.add(Node())
    print("collected:", len(nodes) < 10_000)
    server.close()
    for _ in range(300):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
    await asyncio.sleep(0)
    gc.collect()
    print("tasks:", len(asyncio.all_tasks()), "threads:", threading.active_count())


asyncio.run(main())
