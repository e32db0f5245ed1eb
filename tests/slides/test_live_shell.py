"""`sh`: a transcript that is true and bounded, and no process left behind."""

import asyncio
import signal
import sys
from pathlib import Path

import psutil
import pytest

from slides.live import sh, shell, transcript

within = pytest.mark.gen_test(timeout=60)
PATIENCE = 30  # seconds, for a process to be gone


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, in order, as plain text."""
    texts = []
    monkeypatch.setattr(shell, "display", lambda bundle, *rest, **how: texts.append(bundle))
    return texts


def is_gone(pid):
    """Tell whether a process has ended; one that only waits to be reaped has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition):
    """Wait until something outside this program has happened: there is no event to await."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def written(path):
    """Wait until a file has a line, and give it."""
    await until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text().strip()


@within
async def test_the_transcript_has_the_command_and_both_its_streams(shown):
    """Output and errors stand in the order they came, under the command."""
    result = await sh("echo out; echo problem >&2; echo '<b>'")
    assert result.output == "out\nproblem\n<b>\n"
    assert result.status == 0
    last = shown[-1]
    assert last["text/plain"] == "$ echo out; echo problem >&2; echo '<b>'\nout\nproblem\n<b>\n"
    assert '<pre class="transcript">' in last["text/html"]
    assert "&lt;b&gt;" in last["text/html"]


@within
async def test_a_command_of_several_lines_stands_in_line_behind_its_prompt(shown):
    """However far it is indented in the cell."""
    await sh("""
        echo one |
          cat
    """)
    assert shown[-1]["text/plain"] == "$ echo one |\n    cat\none\n"


@within
async def test_output_is_shown_while_the_command_still_runs(shown, tmp_path):
    """The command waits for a file that is made only once its first line has been shown."""
    go = tmp_path / "go"
    running = asyncio.create_task(
        sh(f"echo first; while [ ! -e {go} ]; do sleep 0.02; done; echo second")
    )
    await until(lambda: shown and "\nfirst\n" in shown[-1]["text/plain"])
    assert not running.done()
    go.touch()
    assert (await running).output == "first\nsecond\n"


@within
async def test_a_failed_command_shows_its_exit_status(shown):
    """The status is in the transcript and in the object."""
    assert (await sh("exit 3")).status == 3
    assert shown[-1]["text/plain"].endswith("Exit status 3.")


@within
async def test_commands_in_the_background_can_be_waited_for():
    """The shell's own `wait` knows only what the command itself started."""
    result = await sh("for n in 1 2 3; do (sleep 0.1; echo $n) & done; wait; echo all")
    assert sorted(result.output.split()) == ["1", "2", "3", "all"]


@within
async def test_a_command_that_takes_too_long_is_killed_with_all_it_started(shown, tmp_path):
    """Neither the shell nor its child in the background outlives the time limit."""
    pids = tmp_path / "pids"
    result = await sh(f"sleep 1000 & echo $$ $! > {pids}; echo here; sleep 1000", timeout=1)
    assert result.output == "here\n"
    assert "had not ended after 1 s" in shown[-1]["text/plain"]
    shell_pid, child_pid = map(int, pids.read_text().split())
    await until(lambda: is_gone(shell_pid) and is_gone(child_pid))


@within
async def test_what_a_command_leaves_in_the_background_ends_with_it(tmp_path):
    """A transcript is over when its command is."""
    result = await sh("sleep 1000 & echo $!")
    await until(lambda: is_gone(int(result.output)))


@within
async def test_a_cancelled_cell_ends_its_command(tmp_path):
    """Interrupting the kernel cancels the cell; the command goes with it."""
    pid_file = tmp_path / "pid"
    running = asyncio.create_task(sh(f"echo $$ > {pid_file}; sleep 1000"))
    pid = int(await written(pid_file))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: is_gone(pid))


@within
async def test_an_interrupt_as_the_command_starts_ends_it_too(shown, monkeypatch):
    """From its first moment on, somebody is there to end it."""
    start, started = asyncio.create_subprocess_exec, []

    async def start_and_interrupt(*command, **options):
        started.append(await start(*command, **options))
        asyncio.current_task().cancel()
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_and_interrupt)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(sh("sleep 1000"))
    await until(lambda: is_gone(started[0].pid))
    assert "Interrupted." in shown[-1]["text/plain"]


@within
async def test_a_killed_kernel_leaves_no_command_behind(tmp_path):
    """Even SIGKILL, after which the kernel can do nothing any more."""
    pid_file = tmp_path / "pid"
    program = (
        "import asyncio; from slides.live import sh; "
        f"asyncio.run(sh('echo $$ > {pid_file}; sleep 1000', timeout=900))"
    )
    root = Path(__file__).parents[2]
    kernel = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=root)
    try:
        pid = int(await written(pid_file))
        assert not is_gone(pid)
    finally:
        kernel.kill()
        await kernel.wait()
    await until(lambda: is_gone(pid))


@within
async def test_endless_output_is_cut_and_stopped(shown):
    """A command that never stops talking is stopped, and the transcript stays short."""
    result = await sh("yes")
    assert result.output.count("\n") == transcript.MOST_LINES
    assert result.status == -signal.SIGKILL
    assert shown[-1]["text/plain"].endswith(f"Cut after {transcript.MOST_LINES} lines.")


@within
async def test_one_endless_line_is_cut_too():
    """Lines are not the only bound."""
    result = await sh("head -c 100000 /dev/zero | tr '\\0' x")
    assert len(result.output) == transcript.MOST_CHARACTERS


@within
async def test_a_command_that_asks_for_input_gets_none():
    """Nobody can type into a transcript, and waiting for it would block the slide."""
    assert (await sh("cat; read line || echo nothing")).output == "nothing\n"


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[1;32mgreen\x1b[0m plain", "green plain"),
        ("\x1b]0;title\x07text", "text"),
        ("header\r\nbody", "header\nbody"),
        (" 10 %\r 50 %\r100 %\ndone", "100 %\ndone"),
        ("at the end\r", "at the end"),
    ],
)
def test_text_is_what_a_terminal_would_show(raw, seen):
    """No escape sequences; a carriage return overwrites its line."""
    assert transcript.plain(raw) == seen


def test_a_character_split_over_two_reads_stays_whole():
    """Bytes are decoded as a stream."""
    whole = transcript.Transcript("x")
    first, second = b"caf\xc3", b"\xa9"
    whole.add(first)
    whole.add(second)
    assert whole.output == "café"
