"""The deck's script and style are bundled from locked packages, and say what is missing."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from slides.build import assets
from slides.build.assets import LOCK, THEME, AssetsError

needs_node = pytest.mark.skipif(
    shutil.which("npm") is None and not Path(assets.sys.prefix, "bin", "npm").exists(),
    reason="Node.js is missing: python3 slides/bootstrap.py node",
)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the assets of this checkout."""
    out = tmp_path_factory.mktemp("deck")
    assets.bundle(out)
    return out / "assets"


@needs_node
def test_the_script_is_classic_and_complete(bundled: Path) -> None:
    """A page read from a disk may load no module, so the script imports nothing.

    Except what only a speaker has, whose page a server sends.
    """
    script = (bundled / "deck.js").read_text(encoding="utf-8")
    assert len(script) > 50_000
    assert "reveal-notes" in script
    assert not re.search(r"^\s*(?:import|export)\b", script, re.MULTILINE)
    assert re.findall(r"\bimport\s*\(", script) == ["import("]
    assert (bundled / "speaking.js").is_file()


@needs_node
def test_the_style_loads_nothing(bundled: Path) -> None:
    """Every picture in the styles stands in them, and no font is asked for."""
    for name in ("deck.css", "pages.css"):
        style = (bundled / name).read_text(encoding="utf-8")
        assert "--opener-paper" in style
        assert "@import" not in style
        assert "@font-face" not in style
        addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)", style)
        assert all(address.startswith("data:") for address in addresses)


@needs_node
def test_the_speaker_window_passes_the_policy(bundled: Path) -> None:
    """The policy names the hash of the one inline script, the one of the speaker window."""
    policy = (THEME / "pages" / "talk.html").read_text(encoding="utf-8")
    print_script = """
        import("reveal.js/plugin/notes").then(({ default: Notes }) => {
            const written = [];
            const popup = { document: { write: (text) => written.push(text) }, closed: false };
            globalThis.window = { open: () => popup, location: {}, addEventListener() {} };
            globalThis.setInterval = () => 0;
            const plugin = Notes();
            const deck = { addKeyBinding() {}, getConfig: () => ({}) };
            globalThis.window.location = { search: "", protocol: "", host: "", pathname: "" };
            plugin.init(deck);
            plugin.open();
            console.log(JSON.stringify(written));
        });
    """
    node = [assets.tool("node"), "--input-type=commonjs", "-e", print_script]
    done = subprocess.run(
        node, cwd=assets.ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    scripts = re.findall(r"<script>(.*?)</script>", "".join(json.loads(done.stdout)), re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy


def test_the_lock_names_no_registry() -> None:
    """The locked packages have hashes and exact versions, and no address."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/reveal.js" in packages
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
    manifest = json.loads((assets.ROOT / "package.json").read_text(encoding="utf-8"))
    assert manifest["private"] is True
    for name, wanted in manifest["devDependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == wanted


def test_the_fingerprint_follows_every_file_of_the_theme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change in a style, a script or a template changes it; nothing else does."""
    theme = shutil.copytree(THEME, tmp_path / "theme")
    monkeypatch.setattr(assets, "THEME", theme)
    before = assets.fingerprint()
    assert assets.fingerprint() == before
    (theme / "README.md").write_text("other words\n")
    assert assets.fingerprint() == before
    seen = {before}
    for name in ("theme.css", "deck/fit.js", "pages/talk.html"):
        with (theme / name).open("a") as file:
            file.write("\n")
        seen.add(assets.fingerprint())
    assert len(seen) == 4


def test_a_machine_without_node_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the command that installs Node.js."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(assets.sys, "prefix", str(tmp_path))
    with pytest.raises(AssetsError, match=r"python3 slides/bootstrap\.py node"):
        assets.bundle(tmp_path / "deck")


def test_the_environment_of_the_talk_may_hold_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where PATH has no npm, the one beside this Python is found."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(assets.sys, "prefix", str(tmp_path))
    assert assets.tool("npm") == str(npm)


def stub_npm(folder: Path, body: str) -> None:
    """Put an npm in the folder that does what `body` says."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{body}\n")
    npm.chmod(0o755)


def test_no_network_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm's account of a missing network becomes one sentence."""
    stub_npm(tmp_path, "echo 'npm error code ENOTFOUND' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(assets, "STAMP", tmp_path / ".installed")
    with pytest.raises(AssetsError, match="without a network") as refused:
        assets.install()
    assert "ENOTFOUND" not in str(refused.value)
    assert not (tmp_path / ".installed").exists()


def test_packages_are_installed_once_for_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """npm runs when the lock has changed, and then no more."""
    stub_npm(tmp_path, f"echo ran >> {tmp_path}/runs")
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(assets, "STAMP", tmp_path / ".installed")
    monkeypatch.setattr(assets, "LOCK", lock)
    assets.install()
    assets.install()
    assert (tmp_path / "runs").read_text().split() == ["ran"]
    lock.write_text("{ }")
    assets.install()
    assert (tmp_path / "runs").read_text().split() == ["ran", "ran"]


@needs_node
def test_a_mistake_in_a_style_is_shown_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundler's message comes through, without Node.js's own."""
    assets.install()
    (tmp_path / "package.json").write_text("{}")
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    with pytest.raises(AssetsError, match=r"slides/theme/deck\.js") as refused:
        assets.bundle(tmp_path / "deck")
    assert "node:" not in str(refused.value)
