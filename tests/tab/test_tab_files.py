"""The deck has what a program in a tab needs: small, compiled already, the same every time."""

import gzip
import json
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from demos.catalog import demos
from slides.build import assets, cache, interpreter, kept, tab
from slides.build.assets import AssetsError
from slides.build.packages import tls_files
from slides.notebook import ROOT

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("npm") is None and not Path(assets.sys.prefix, "bin", "npm").exists(),
        reason="Node.js is missing: python3 slides/bootstrap.py node",
    ),
]
FIRST_RUN = 6_600_000  # bytes, as a server sends them
UNCHECKED = 1


class Deck:
    """A folder with a tab's files, and where what they were made of is kept."""

    def __init__(self, folder: Path) -> None:
        self.made, self.out = folder / "made", folder / "deck"
        self.runtime = self.out / "assets" / "tab"

    def files(self) -> dict[str, bytes]:
        """Every file by its name."""
        paths = (path for path in self.out.rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deck]:
    """A deck with a snapshot, with nothing taken from an earlier build."""
    deck = Deck(tmp_path_factory.mktemp("tab"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "FOLDER", deck.made)
        tab.write(deck.out, snapshot=True)
        yield deck


def in_pyodide(deck: Deck, python: str, snapshot: bool = False, site: Path | None = None) -> Any:
    """What a Python expression is in a process of the deck, run by Node.js as a worker does."""
    script = """
        const { readFileSync } = await import("node:fs");
        const { gunzipSync } = await import("node:zlib");
        const [folder, site, place, path, isSnapshot, program] = process.argv.slice(1);
        globalThis.fetches = [];
        globalThis.XMLHttpRequest = class {
            open(method, address) { this.address = address; }
            send() {
                fetches.push(this.address);
                this.status = 200;
                this.response = new Uint8Array(readFileSync(`${folder}/${this.address}`)).buffer;
            }
        };
        const { loadPyodide } = await import(`${folder}/pyodide/pyodide.mjs`);
        try {
            const memory = isSnapshot && {
                _loadSnapshot: gunzipSync(readFileSync(`${folder}/snapshot.bin`)),
            };
            const env = { HOME: "/talk", PYTHONHASHSEED: "0" };
            const options = { indexURL: `${folder}/pyodide/`, env, ...memory };
            const python = await loadPyodide(options);
            python.FS.writeFile(place, readFileSync(site));
            python.runPython(`
                import sys, zipfile
                with zipfile.ZipFile("${place}") as site:
                    programs = [name for name in site.namelist() if name.startswith("demos/")]
                    site.extractall("/talk", programs)
                sys.path[:0] = ["/talk", "${place}/lib"]
            `);
            console.log(python.runPython(program));
        } catch (error) {
            console.log(JSON.stringify(String(error.message)));
        }
    """
    zipped = site or deck.runtime / "site.zip"
    words = [str(deck.runtime), str(zipped), interpreter.SITE, "", "1" * snapshot, python]
    node = [interpreter.newer_node(), "--input-type=module", "-e", script, *words]
    done = subprocess.run(
        node, cwd=deck.out, capture_output=True, text=True, timeout=120, check=True
    )
    return json.loads(done.stdout)


def test_the_deck_has_what_a_tab_needs_and_no_more(deck: Deck) -> None:
    """Plain files: the scripts, the interpreter, the programs, and what is said of them."""
    parts = re.compile(r"assets/tab-[\w-]+\.js$")
    assert {name for name in deck.files() if not parts.match(name)} - {"assets/tab.css"} == {
        "service-worker.js",
        "assets/tab.js",
        "assets/tab/frame.js",
        "assets/tab/pyodide/pyodide-lock.json",
        "assets/tab/pyodide/pyodide.asm.mjs",
        "assets/tab/pyodide/pyodide.asm.wasm",
        "assets/tab/pyodide/pyodide.mjs",
        "assets/tab/pyodide/python_rest.zip",
        "assets/tab/pyodide/python_stdlib.zip",
        "assets/tab/runtime.json",
        "assets/tab/site.zip",
        "assets/tab/snapshot.bin",
        "assets/tab/worker.js",
    }
    lock = json.loads((deck.runtime / "pyodide" / "pyodide-lock.json").read_text())
    assert lock["packages"] == {}


def test_a_first_run_downloads_little(deck: Deck) -> None:
    """All that the page and its process load until a program runs, editor included."""
    later = ("assets/tab/snapshot.bin", "assets/tab/pyodide/python_rest.zip")
    sent = {name: data for name, data in deck.files().items() if name not in later}
    assert sum(len(gzip.compress(data, 6)) for data in sent.values()) <= FIRST_RUN


def test_the_worker_is_told_what_it_has(deck: Deck) -> None:
    """The versions, and how large each file is."""
    told = json.loads((deck.runtime / "runtime.json").read_text())
    package = json.loads((interpreter.PYODIDE / "package.json").read_text())
    assert told["snapshot"] is True
    assert told["tornado"] == tab.tornado.version
    assert told["pyodide"] == package["version"]
    assert told["python"].startswith("3.14.")
    for name, size in told["files"].items():
        assert (deck.runtime / name).stat().st_size == size
    assert len(told["files"]) == len([*deck.runtime.rglob("*.*")]) - 1


def test_the_scripts_load_in_their_places(deck: Deck) -> None:
    """A service worker and a page's first script are no modules; the worker is one file."""
    for name in ("service-worker.js", "assets/tab/frame.js"):
        assert not re.search(rb"^\s*(import|export)\b", deck.files()[name], re.MULTILINE)
    worker = (deck.runtime / "worker.js").read_text()
    assert not re.search(r"\bfrom\s*[\"']", worker)
    assert "pyodide.mjs" in worker
    assert "import.meta.url" in worker


def test_the_programs_are_sources_and_their_modules_are_not(deck: Deck) -> None:
    """What is edited is there as it is; what is imported is bytecode, with its source beside."""
    with zipfile.ZipFile(deck.runtime / "site.zip") as site:
        names = site.namelist()
        for demo in demos():
            assert site.read(demo.path.relative_to(ROOT).as_posix()) == demo.path.read_bytes()
            modules = {path.relative_to(ROOT).as_posix() for path in demo.modules}
            assert modules & {*names} == (modules if "tab" in demo.where else set())
        assert {f"demos/pages/{page.name}" for page in (cache.DEMOS / "pages").iterdir()} <= {
            *names
        }
    assert not [name for name in names if name.startswith("demos/") and name.endswith(".pyc")]
    modules = [name for name in names if name.startswith("lib/") and name.endswith(".py")]
    assert {"lib/tornado/web.py", "lib/machine/process.py"} <= {*modules}
    assert {f"{name}c" for name in modules} <= {*names}
    assert not [name for name in names if re.search(r"/test/|curl|twisted|cares|\.so$", name)]
    assert [name for name in names if name.endswith("/LICENSE")]
    last = max(index for index, name in enumerate(names) if name.startswith("lib/"))
    assert last < min(index for index, name in enumerate(names) if name.startswith("demos/"))


def test_the_bytecode_is_that_of_the_tabs_python(deck: Deck) -> None:
    """Every .pyc has Pyodide's magic number, and is taken without a look at its source."""
    magic = bytes(in_pyodide(deck, "import importlib.util; str([*importlib.util.MAGIC_NUMBER])"))
    for name in ("site.zip", "pyodide/python_stdlib.zip"):
        with zipfile.ZipFile(deck.runtime / name) as zipped:
            compiled = [name for name in zipped.namelist() if name.endswith(".pyc")]
            assert len(compiled) > 30
            for module in compiled:
                header = magic + UNCHECKED.to_bytes(4, "little")
                assert zipped.read(module).startswith(header), module


def test_no_demo_makes_the_tab_compile_or_fetch_a_module(deck: Deck) -> None:
    """All that the programs import is bytecode, and in the first archive."""
    in_a_tab = [demo.name for demo in demos() if "tab" in demo.where]
    imports = "; ".join(f"import demos.{name}" for name in in_a_tab)
    python = f"""
        import json, sys
        from js import fetches
        {imports}
        specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
        origins = [spec.origin or "" for spec in specs if spec]
        sources = [origin for origin in origins if ".zip/" in origin and origin.endswith(".py")]
        json.dumps([sources, fetches.to_py()])
    """
    sources, fetches = in_pyodide(deck, python)
    assert [path for path in sources if not path.endswith("/sitecustomize.py")] == []
    assert fetches == []


def test_the_rest_of_the_standard_library_comes_when_it_is_imported(deck: Deck) -> None:
    """Nothing is missing: one download, whichever modules, and none for a name that is none."""
    python = """
        import importlib, json
        from js import fetches
        wrong = 0
        for name in ("nonsense", "msvcrt", "encodings.nonsense"):
            try:
                importlib.import_module(name)
            except ImportError:
                wrong += 1
        before = len(fetches)
        for name in ("doctest", "xml.etree.ElementTree", "email.mime.text", "unittest.mock"):
            importlib.import_module(name)
        json.dumps([wrong, before, fetches.to_py(), "Ž".encode("cp1250").hex()])
    """
    assert in_pyodide(deck, python) == [3, 0, ["pyodide/python_rest.zip"], "8e"]
    with zipfile.ZipFile(interpreter.PYODIDE / "python_stdlib.zip") as stock:
        expected = {name for name in stock.namelist() if name.endswith(".py")}
    expected |= set(tls_files())
    found = set()
    for name in ("python_stdlib.zip", "python_rest.zip"):
        with zipfile.ZipFile(deck.runtime / "pyodide" / name) as zipped:
            found |= {re.sub("pyc$", "py", name) for name in zipped.namelist()}
    assert found - {"python_rest.txt", "sitecustomize.py"} == expected


def test_a_traceback_shows_the_lines_of_tornado(deck: Deck) -> None:
    """Its modules are in an archive, and still their lines are found."""
    python = """
        import json, traceback, tornado.util
        try:
            tornado.util.import_object("nonsense.at_all")
        except ImportError:
            shown = traceback.format_exc()
        json.dumps(shown)
    """
    shown = in_pyodide(deck, python)
    assert re.search(
        r'File "/talk/lib/tornado/util.py", line \d+, in import_object\n    obj = __imp', shown
    )


def test_a_process_starts_from_the_snapshot_after_a_demo_has_changed(
    deck: Deck, tmp_path: Path
) -> None:
    """What is in the memory is imported already, and what is not is still found in its place."""
    site = tmp_path / "site.zip"
    with zipfile.ZipFile(deck.runtime / "site.zip") as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    files["demos/hello.py"] = b"# longer\n" * 1000 + files["demos/hello.py"]
    interpreter.archive(site, files)
    python = """
        import json, sys
        before = [name in sys.modules for name in ("tornado.web", "tornado.auth", "demos", "js")]
        import tornado.auth, demos.hello
        json.dumps([before, open(demos.hello.__file__).readline()])
    """
    before, line = in_pyodide(deck, python, snapshot=True, site=site)
    assert before == [True, False, False, False]
    assert line == "# longer\n"


def test_a_second_build_is_the_same_byte_for_byte(
    deck: Deck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the time, of chance or of an order of files is in what is made."""
    again = Deck(tmp_path)
    monkeypatch.setattr(kept, "FOLDER", ROOT / "build" / ".made")  # another build's, or a new one
    tab.write(again.out, snapshot=True)
    old, new = deck.files(), again.files()
    assert set(new) == set(old)
    assert [name for name in old if new[name] != old[name]] == []


def test_a_changed_demo_makes_a_new_archive_of_them_and_starts_nothing(
    deck: Deck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither npm, nor esbuild, nor the interpreter runs; one that imports more does start it."""

    def started(command: list[str], timeout: float, trouble: str) -> None:
        raise AssetsError(f"started {command}")

    for module in (assets, interpreter):
        monkeypatch.setattr(module, "run", started)
    copy = shutil.copytree(cache.DEMOS, tmp_path / "demos")
    monkeypatch.setattr(cache, "DEMOS", copy)
    before = tab.fingerprint()
    text = (copy / "hello.py").read_text()
    (copy / "hello.py").write_text(f"{text}# changed\n")
    assert tab.fingerprint() != before
    changed = Deck(tmp_path)
    tab.write(changed.out, snapshot=True)
    old, new = deck.files(), changed.files()
    assert {name for name in old if old[name] != new[name]} <= {
        "assets/tab/site.zip",
        "assets/tab/runtime.json",
    }
    with zipfile.ZipFile(changed.runtime / "site.zip") as site:
        assert site.read("demos/hello.py").endswith(b"# changed\n")
    (copy / "hello.py").write_text(f"import plistlib\n{text}")
    with pytest.raises(AssetsError, match=r"bytecode\.mjs"):
        tab.write(Deck(tmp_path / "more").out)


def test_the_fingerprint_follows_the_scripts_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of either changes it; one of the README does not."""
    folder = shutil.copytree(tab.TAB, tmp_path / "tab")
    monkeypatch.setattr(tab, "TAB", folder)
    seen = {tab.fingerprint()}
    (folder / "README.md").write_text("other words\n")
    assert {tab.fingerprint()} == seen
    for name in ("worker.js", "net/http.js", "machine/process.py"):
        with (folder / name).open("a") as file:
            file.write("\n")
        seen.add(tab.fingerprint())
    assert len(seen) == 4


def test_a_mistake_in_a_script_is_shown_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundler's message comes through, without Node.js's own."""
    shutil.copytree(tab.TAB, tmp_path / "slides" / "tab")
    (tmp_path / "node_modules").symlink_to(assets.MODULES)
    (tmp_path / "slides" / "tab" / "worker.js").write_text("const = 1;\n")
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    with pytest.raises(AssetsError, match=r"slides/tab/worker\.js:1:6") as refused:
        tab.bundle(tmp_path / "deck")
    assert "node:" not in str(refused.value)


def test_a_mistake_in_a_module_is_shown_in_a_few_lines() -> None:
    """Python's message comes through, without a line of Pyodide's script."""
    with pytest.raises(AssetsError, match="SyntaxError") as refused:
        interpreter.compiled({"machine/wrong.py": b"def\n"})
    assert "machine/wrong.py" in str(refused.value)
    assert len(str(refused.value)) < 2000


def test_the_lock_names_no_host() -> None:
    """Packages are known by their hashes, wherever they come from."""
    assert "://" not in assets.LOCK.read_text(encoding="utf-8")


class Handler(SimpleHTTPRequestHandler):
    """A plain file server, with nothing in the log."""

    def log_message(self, format: str, *words: object) -> None:
        pass


@pytest.fixture
def address(deck: Deck, tmp_path: Path) -> Iterator[str]:
    """Where a plain file server has the deck's runtime, and `assets/runtime.js` to run it."""
    entry = ["assets/runtime=slides/tab/main.js"]
    assets.bundle_files(tmp_path, entry, ["--format=esm"], "The runtime cannot be bundled")
    (tmp_path / "assets" / "tab").symlink_to(deck.runtime)
    (tmp_path / "index.html").write_text("<!doctype html>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_program_starts_from_the_snapshot_in_a_browser(
    address: str, needs: Callable[[str], None]
) -> None:
    """Its Python waits as a browser's does, not as that of Node.js: it listens, and is ended."""
    needs("chromium")
    program = """async () => {
        const { Host } = await import(new URL("assets/runtime.js", location));
        const host = new Host("test");
        const process = host.start("demos.hello");
        let output = "";
        process.addEventListener("output", ({ text }) => (output += text));
        await host.whenListening(8888, process).catch(() => {});
        return [await process.stop(), output];
    }"""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        assert page.evaluate(program) == [130, ""]
        browser.close()
