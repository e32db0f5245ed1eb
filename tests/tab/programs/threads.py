"""Threads: waits overlap; locks, queues, locals and contexts are as everywhere."""

import asyncio
import contextvars
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

who = contextvars.ContextVar("who", default="nobody")
mine = threading.local()


def overlap() -> None:
    before = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        print(sum(pool.map(lambda n: time.sleep(0.3) or n, range(10))))
    print("overlap:", 0.3 <= time.monotonic() - before < 2)


def worker(jobs: queue.Queue, results: queue.SimpleQueue) -> None:
    mine.count = 0
    who.set(threading.current_thread().name)
    while (job := jobs.get()) is not None:
        mine.count += job
        time.sleep(0)
        jobs.task_done()
    results.put((who.get(), mine.count))


def queues() -> None:
    jobs: queue.Queue = queue.Queue(maxsize=2)
    results: queue.SimpleQueue = queue.SimpleQueue()
    threads = [threading.Thread(target=worker, args=(jobs, results), name=n) for n in "ab"]
    for thread in threads:
        thread.start()
    for number in range(20):
        jobs.put(number)
    jobs.join()
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    counts = dict(results.get() for _ in threads)
    print(sorted(counts), sum(counts.values()), who.get(), hasattr(mine, "count"))


def locks() -> None:
    total = 0
    lock, barrier, done = threading.RLock(), threading.Barrier(5), threading.Semaphore(0)

    def add() -> None:
        nonlocal total
        barrier.wait()
        for _ in range(10):
            with lock, lock:
                seen = total
                time.sleep(0.001)
                total = seen + 1
        done.release()

    for _ in range(5):
        threading.Thread(target=add, daemon=True).start()
    for _ in range(5):
        done.acquire()
    print(total, done.acquire(timeout=0.01), lock.acquire(blocking=False))


def failing() -> None:
    threading.excepthook = lambda failed: print("thread:", repr(failed.exc_value))
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as pool:
        print(repr(pool.submit(int, "x").exception()))


async def loops() -> None:
    def other() -> str:
        async def name() -> str:
            await asyncio.sleep(0.01)
            return threading.current_thread().name

        return asyncio.run(name())

    thread = threading.Thread(target=lambda: print(other()), name="with a loop")
    thread.start()
    time.sleep(0.1)  # noqa: ASYNC251 - a loop in another thread goes on
    thread.join()
    who.set("main")
    print(await asyncio.to_thread(who.get), threading.current_thread().name)
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    threading.Timer(0.01, loop.call_soon_threadsafe, [woken.set]).start()
    await woken.wait()
    called = asyncio.run_coroutine_threadsafe
    print(await asyncio.to_thread(lambda: called(asyncio.sleep(0, "called"), loop).result()))


overlap()
queues()
locks()
failing()
asyncio.run(loops())
threading.Thread(target=lambda: time.sleep(0.1) or print("the last thread")).start()
print("the end of the program")
