"""The command line of a panel: curl and little else, against the program that runs beside it."""

import re

import pytest
from playwright.sync_api import expect

from .bench import on_page

CTRL_C = "Control+c"


@pytest.fixture(scope="module")
def hello(opened):
    """hello, running on its own page."""
    return on_page(opened("demos/hello.html"), "hello").start()


def test_a_command_of_the_program_is_run_by_a_click(hello):
    """The commands of its docstring stand above the line."""
    hello.press("curl -i http://localhost:8888/")
    expect(hello.terminal).to_contain_text("HTTP/1.1 200 OK")
    expect(hello.terminal).to_contain_text("Hello, world")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("curl localhost:8888", "Hello, world"),
        ("curl -i http://localhost:8888/nowhere", "HTTP/1.1 404 Not Found"),
        ("curl -X POST http://localhost:8888/", "405: Method Not Allowed"),
        ("curl -s -o /dev/null -w '%{http_code}' localhost:8888/", re.compile(r"\n200\n$")),
        ("curl localhost:9999", re.compile(r"curl: \(7\).*9999")),
        ("ls", "command not found: ls"),
        ("echo a && echo b", re.compile(r"\na\nb\n$")),
    ],
)
def test_a_typed_command_is_answered(hello, line, answer):
    """As at home, and what is missing here says so."""
    hello.command(line, answer)


def test_ctrl_c_ends_a_command(hello):
    """The next one is then a command again, not what the first one reads."""
    hello.command("sleep 100", "$ sleep 100")
    hello.prompt.press(CTRL_C)
    expect(hello.terminal).to_contain_text("^C")
    hello.command("echo after", re.compile(r"\nafter\n$"))


def test_the_arrows_bring_earlier_commands_back(hello):
    """Up for older ones, down for newer ones, and an empty line below the last."""
    hello.command("echo one", "one")
    hello.command("echo two", "two")
    for key, shown in [
        ("ArrowUp", "echo two"),
        ("ArrowUp", "clear"),
        ("ArrowUp", "echo one"),
        ("ArrowDown", "clear"),
        ("ArrowDown", "echo two"),
        ("ArrowDown", ""),
    ]:
        hello.prompt.press(key)
        expect(hello.prompt).to_have_value(shown)


def test_a_post_with_a_body_reaches_the_program(opened):
    """JSON in, JSON out, and the reader's own words in it."""
    bench = on_page(opened("demos/json_api.html"), "json_api").start()
    bench.command("""curl -i localhost:8888/greetings -d '{"name": "Grace"}'""", "Grace")
    expect(bench.terminal).to_contain_text(re.compile(r"HTTP/1.1 20\d"))
