"""Two programs and several clients in one tab: the broadcaster, and the search that it asks."""

import re

import pytest
from playwright.sync_api import expect

from .bench import on_page

SEARCH = 'curl -s "http://localhost:8889/search?q=tornado&delay=0"'


@pytest.fixture(scope="module")
def broadcaster(opened):
    """broadcaster, running on its own page."""
    return on_page(opened("demos/broadcaster.html"), "broadcaster").start()


def first_post(bench, number):
    """Where a client has the newest post."""
    return bench.client(number).locator("li").first


def test_every_client_is_sent_the_posts(broadcaster):
    """Side by side they show the same, over a websocket each; the next posts reach both."""
    broadcaster.press("Two clients")
    for number in (1, 2):
        expect(broadcaster.client(number).get_by_role("status")).to_have_text("Connected")
        expect(first_post(broadcaster, number)).to_be_visible()
    before = first_post(broadcaster, 1).text_content()
    for number in (1, 2):
        expect(first_post(broadcaster, number)).not_to_have_text(before)


def test_the_program_beside_it_answers_too(broadcaster):
    """The search runs on its own port, with its own log."""
    broadcaster.command(SEARCH, '"posts"')
    broadcaster.command("curl localhost:8889/nowhere", "404")
    expect(broadcaster.log).to_contain_text(re.compile(r"search: .*404 GET /nowhere"))


def test_curl_listens_to_the_websocket_until_control_c(broadcaster):
    """One more client, without a page."""
    broadcaster.command("curl -N ws://localhost:8888/updates", '"posts"')
    broadcaster.prompt.press("Control+c")
    expect(broadcaster.terminal).to_contain_text("^C")
    broadcaster.command("echo after", re.compile(r"\nafter\n$"))


def test_what_is_typed_after_control_c_is_a_command_of_its_own(broadcaster):
    """However soon it comes: the one before may not have ended yet."""
    broadcaster.command("curl -N ws://localhost:8888/updates", '"posts"')
    broadcaster.prompt.evaluate("""(prompt) => {
        prompt.dispatchEvent(new KeyboardEvent("keydown", {key: "c", ctrlKey: true}));
        prompt.value = "echo after";
        prompt.form.requestSubmit();
    }""")
    expect(broadcaster.terminal).to_contain_text(re.compile(r"\nafter\n$"))


def test_a_client_that_leaves_disturbs_nobody(broadcaster):
    """The first goes on receiving when the second is closed."""
    broadcaster.press("Two clients")
    expect(broadcaster.figure.locator(".client").nth(1)).to_be_hidden()
    before = first_post(broadcaster, 1).text_content()
    expect(first_post(broadcaster, 1)).not_to_have_text(before)
    expect(broadcaster.log).not_to_contain_text("Traceback")


def test_clients_come_back_when_the_program_is_started_again(broadcaster):
    """What stood beside it is started with it."""
    broadcaster.press("Restart")
    expect(broadcaster.client().get_by_role("status")).to_have_text("Connected")
    expect(first_post(broadcaster, 1)).to_be_visible()
