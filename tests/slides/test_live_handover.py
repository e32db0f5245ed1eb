"""How kernels agree on a port: notes that only their own user can write and read."""

import pytest

from slides.live import handover


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A folder of this test's own in the place of the user's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_notes_are_private(runtime):
    """Nobody else may read the secret URL, or leave a note that sends a kernel elsewhere."""
    folder = handover.notes()
    assert folder is not None
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_write_is_not_used(runtime):
    """Then every kernel takes a free port instead."""
    folder = handover.notes()
    folder.chmod(0o777)
    assert handover.notes() is None
    handover.offer(8888, "http://127.0.0.1:1/secret/release")
    assert not list(folder.iterdir())


def test_only_the_kernel_that_offers_takes_the_offer_back(runtime):
    """A later kernel's note outlives the end of an earlier one."""
    handover.offer(8888, "http://127.0.0.1:2/later/release")
    handover.withdraw(8888, "http://127.0.0.1:1/earlier/release")
    (note,) = handover.notes().iterdir()
    handover.withdraw(8888, "http://127.0.0.1:2/later/release")
    assert not note.exists()


@pytest.mark.gen_test
async def test_a_stale_or_foreign_note_is_no_answer(runtime, free_port):
    """A kernel that is gone, nonsense, a URL off this machine: the port stays taken."""
    assert not await handover.ask_for(8888)
    handover.offer(8888, f"http://127.0.0.1:{free_port()}/gone/release")
    assert not await handover.ask_for(8888)
    (note,) = handover.notes().iterdir()
    for text in ("nonsense", "[]", '{"release": "http://shelf.example/"}', '{"release": 1}'):
        note.write_text(text)
        assert not await handover.ask_for(8888)
