"""Code that calls `requests.post`, unchanged, inside a handler.

Shows: a library that blocks, called straight from a handler, in a
    thread of a sized pool, and on a greenlet whose waiting is handed
    to the loop; beside them, what a plain await does
Try:
    curl http://localhost:8888/blocking
    curl http://localhost:8888/threads
    curl http://localhost:8888/bridge
    curl http://localhost:8888/await
Needs: requests, greenlet; psutil to compare
Extra: waiting
Where: process
"""

INSTALL = "pip install -e '.[waiting]'"


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled, with a slow service beside it."""
    try:
        from demos.requests_inside.app import serve
    except ModuleNotFoundError as error:
        raise SystemExit(missing(error)) from None
    await serve(port, address)


def missing(error: ModuleNotFoundError) -> str:
    """What to tell whoever lacks a package."""
    return (
        f"requests_inside: the package {error.name!r} is missing:"
        f" {INSTALL}"
    )
