"""The trick by itself: what goes out of a greenlet, and what comes back in."""

import asyncio
import contextvars
import threading

import pytest

pytest.importorskip("greenlet", reason="pip install -e '.[waiting]'")

from demos.requests_inside.bridge import await_, greened, is_greened

name = contextvars.ContextVar("name", default="nobody")


async def give(value):
    """Something to wait for."""
    await asyncio.sleep(0)
    return value


def deep(depth, value):
    """Waits in the middle of calls, none of which is async."""
    return await_(give(value)) if depth == 0 else [deep(depth - 1, value)]


@pytest.mark.gen_test
async def test_a_function_that_is_not_async_waits():
    """However deep it is, the coroutine waits for it, and it goes on with the result."""
    assert await greened(deep, 3, value="x") == [[["x"]]]


@pytest.mark.gen_test
async def test_a_function_that_waits_for_nothing_just_returns():
    """Without an `await_()` it is a call."""
    assert await greened(max, 1, 2) == 2


@pytest.mark.gen_test
async def test_others_run_while_it_waits():
    """Two that wait for each other can only both end if neither keeps the loop."""
    first, second = asyncio.Event(), asyncio.Event()

    def meet(mine, other):
        mine.set()
        await_(other.wait())

    await asyncio.gather(greened(meet, first, second), greened(meet, second, first))


@pytest.mark.gen_test
async def test_an_exception_goes_both_ways():
    """What is awaited raises inside, and what is raised inside comes out."""

    async def fail():
        raise LookupError("in")

    def blocking():
        with pytest.raises(LookupError, match="in"):
            await_(fail())
        raise ValueError("out")

    with pytest.raises(ValueError, match="out"):
        await greened(blocking)


@pytest.mark.gen_test
async def test_cancelling_reaches_the_blocking_code():
    """It is raised where it waits, its `finally` runs, and may wait itself."""
    waiting, ended = asyncio.Event(), []

    def blocking():
        try:
            waiting.set()
            await_(asyncio.Event().wait())
        finally:
            ended.append(await_(give("cleaned up")))

    task = asyncio.create_task(greened(blocking))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]


@pytest.mark.gen_test
async def test_context_variables_are_those_of_the_coroutine():
    """Inside, they are as outside; and what is set inside is set outside, after a wait too."""

    def blocking():
        before = name.get()
        await_(give(None))
        name.set("inside")
        return before

    name.set("outside")
    assert await greened(blocking) == "outside"
    assert name.get() == "inside"


@pytest.mark.gen_test
async def test_outside_of_it_nobody_can_wait():
    """`await_()` says so, and leaves no coroutine behind that nobody awaited."""
    assert not is_greened()
    with pytest.raises(RuntimeError, match=r"only inside greened\(\)"):
        await_(give(1))


@pytest.mark.gen_test
async def test_a_thread_that_it_starts_is_outside():
    """A greenlet belongs to its thread."""
    seen = []

    def blocking():
        thread = threading.Thread(target=lambda: seen.append(is_greened()))
        thread.start()
        thread.join()
        seen.append(is_greened())

    await greened(blocking)
    assert seen == [False, True]
