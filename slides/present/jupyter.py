"""Jupyter as a process: started, watched, shown in a browser, and ended with all its kernels."""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
import webbrowser

from slides.present.settings import Stage, environment

GRACE_S = 5.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TEXT_BROWSERS = ("www-browser", "links", "elinks", "lynx", "w3m", "curl")
# What slides.live.setup says of a set-up cell that fails is for the speaker, not for the log.
FOR_THE_SPEAKER = re.compile(rb"[\w.-]+\.ipynb: ")


class Jupyter:
    """The server and its kernels; one thread waits for signals, its output and its end alike."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.signals = 0
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._log = stage.log.open("wb")
        self._line = b""

    def __enter__(self) -> "Jupyter":
        signal.set_wakeup_fd(self._waker.fileno())
        for number in ENDING:
            signal.signal(number, self._ask_to_end)
        # Its only purpose is to wake the waiting thread.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"],
            cwd=self.stage.root,
            env=environment(self.stage),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._selector.register(self._wakened, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._log.close()

    def _ask_to_end(self, *_: object) -> None:
        self.signals += 1

    @property
    def goes_on(self) -> bool:
        """Whether it runs and nobody has asked it to end."""
        return self.process.poll() is None and not self.signals

    def watch(self, seconds: float | None = None) -> None:
        """Wait for the next thing that happens, at most so long."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._wakened:
                self._wakened.recv(4096)
            elif chunk := os.read(key.fd, 65536):
                self._take(chunk)
            else:
                self._selector.unregister(self._output)

    def _take(self, chunk: bytes) -> None:
        self._log.write(chunk)
        self._log.flush()
        *lines, self._line = (self._line + chunk).split(b"\n")
        for line in filter(FOR_THE_SPEAKER.match, lines):
            print(line.decode(errors="replace"), file=sys.stderr, flush=True)

    def wait_until_it_listens(self) -> bool:
        """Wait until the port answers; False where it ended first."""
        while self.goes_on:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.stage.port), timeout=1).close()
                return True
            self.watch(0.05)
        return False

    def end(self) -> None:
        """End the server, its kernels and what they started; forced by a further signal."""
        import psutil  # only now: it would delay the start

        family: list[psutil.Process] = []
        ending = time.monotonic() + GRACE_S
        if self.process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                family = psutil.Process(self.process.pid).children(recursive=True)
            self.process.terminate()
        while self.process.poll() is None:
            if self.signals > 1 or time.monotonic() > ending:
                self.process.kill()
            self.watch(0.1)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()  # psutil knows a process from a later one with its number
        psutil.wait_procs(family, timeout=GRACE_S)

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self.stage.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def present(stage: Stage, chapter: str, browser: bool) -> int:
    """Present until a signal ends it; exit status 1 where Jupyter ends by itself."""
    with Jupyter(stage) as jupyter:
        if jupyter.wait_until_it_listens():
            announce(stage, chapter, browser and open_browser(stage.address(chapter)))
        while jupyter.goes_on:
            jupyter.watch()
        if jupyter.signals:
            print("\nEnding Jupyter and its kernels.", flush=True)
            return 0
    print(
        f"present: Jupyter ended by itself. The end of its log:\n\n{jupyter.last_words()}\n"
        "\nRun the command again; if that does not help: make clean, and again.",
        file=sys.stderr,
    )
    return 1


def open_browser(url: str) -> bool:
    """Open the address in a browser with windows; False where there is none."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if getattr(browser, "basename", getattr(browser, "name", "")) in TEXT_BROWSERS:
        return False
    return browser.open(url)


def announce(stage: Stage, chapter: str, is_open: bool) -> None:
    """Say where the talk is, how to walk through it, and how to end it."""
    print(
        f"\n{'The talk is open in your browser' if is_open else 'Open the talk in a browser'}:"
        f"\n\n    {stage.address(chapter)}\n"
        "\n  Space, Shift+Space   walk, on into the next chapter and back"
        "\n  Shift+Enter          run the cell"
        "\n  t, f                 speaker notes, full screen"
        "\n  Ctrl-C here          end everything\n"
        + (f"\nWhat you change is kept in {stage.root}.\n" if stage.is_kept else ""),
        flush=True,
    )
