"""A token that is no longer the server's is no lost connection: the page says what to do."""

from playwright.sync_api import expect
from tornado.testing import ExpectLog

TO_DO = "Open the address that the server printed at its start."


def test_an_expired_pass_says_what_to_do(speak, stage, server):
    """On the speaker's page and in the deck; with the right token all goes on."""
    page = speak()
    deck = stage(page)
    server.stop()
    expect(page.get_by_role("alert")).to_contain_text("Not connected.")
    server.token = "another-token"
    with ExpectLog("tornado.access", "401"):
        server.start()
        expect(page.get_by_role("alert")).to_contain_text(TO_DO)
        expect(deck.locator(".chip")).to_contain_text(TO_DO)
        page.goto(f"{server.url}/speaker/?token={server.token}")
        expect(page.locator("#live")).to_have_text("Live")
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(deck.locator(".chip")).to_contain_text("Speaking")


def test_a_server_that_is_away_is_not_a_pass_that_expired(speak, server):
    """Nothing has to be opened again."""
    page = speak()
    server.stop()
    expect(page.get_by_role("alert")).to_contain_text("Not connected.")
    expect(page.get_by_role("alert")).not_to_contain_text("address")
