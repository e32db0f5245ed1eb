"""What the servers share: `PORT [uvloop]` on the command line, and a word when they listen."""

import asyncio
import logging
import sys

PORT = int(sys.argv[1])
BACKLOG = 2048
logging.disable(logging.CRITICAL)


def ready():
    """Tell that connections are accepted."""
    print("ready", flush=True)


async def forever():
    """Serve until the process is ended."""
    ready()
    await asyncio.Event().wait()


def run(main):
    """Run a coroutine on asyncio's own loop, or on uvloop."""
    if "uvloop" in sys.argv[2:]:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)
