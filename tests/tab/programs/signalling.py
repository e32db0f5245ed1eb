"""Signals that a program sends itself, with asyncio and without."""

import asyncio
import os
import signal
import threading
import time


async def main() -> None:
    loop = asyncio.get_running_loop()
    for number in signal.SIGTERM, signal.SIGINT:
        came = asyncio.Event()
        loop.add_signal_handler(number, came.set)
        loop.call_later(0.01, os.kill, os.getpid(), number)
        await came.wait()
        print(number.name, loop.remove_signal_handler(number))


def interrupted(send: object) -> None:
    threading.Timer(0.05, send).start()
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted in", threading.current_thread().name)


asyncio.run(main())
signal.signal(signal.SIGUSR1, lambda number, frame: print("handler:", signal.Signals(number).name))
signal.raise_signal(signal.SIGUSR1)
interrupted(lambda: os.kill(os.getpid(), signal.SIGINT))
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGINT)
try:
    os.kill(2**22 + 1, 0)
except ProcessLookupError:
    print("no such process")
