"""Regions: the part of a file that a slide shows."""

from pathlib import Path

import pytest

from slides.regions import RegionError, language, region

PROGRAM = '''"""A program."""

import asyncio
import json

LIMIT = 3


@decorated
class Handler:
    def get(self):
        return json

    async def post(self):
        await asyncio.sleep(LIMIT)


if __name__ == "__main__":
    print("hello")
'''
PAGE = """<body>
  <!-- region: form -->
  <form>
    <input>
  </form>
  <!-- endregion -->
  <!-- region: open -->
</body>
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("imports", "import asyncio\nimport json"),
        ("LIMIT", "LIMIT = 3"),
        ("Handler.get", "def get(self):\n    return json"),
        ("__main__", 'if __name__ == "__main__":\n    print("hello")'),
        (
            ["LIMIT", "Handler.post"],
            "LIMIT = 3\n\nasync def post(self):\n    await asyncio.sleep(LIMIT)",
        ),
    ],
)
def test_a_definition_is_found_by_its_name(program: Path, name: str, text: str) -> None:
    """Constants, methods, imports and the guard are regions too."""
    assert region(program, name) == text


def test_a_definition_comes_with_its_decorators(program: Path) -> None:
    """What stands above a class belongs to it."""
    assert region(program, "Handler").startswith("@decorated\nclass Handler:")


def test_a_missing_name_is_an_error_that_lists_what_is_there(program: Path) -> None:
    """Whoever mistypes a name reads the right one."""
    with pytest.raises(RegionError, match=r"no 'Handle'.*Handler"):
        region(program, "Handle")


def test_a_marked_region_stands_between_its_comments(page: Path) -> None:
    """A page's region is shown without the page's indentation."""
    assert region(page, "form") == "<form>\n  <input>\n</form>"


def test_a_region_without_an_end_is_an_error(page: Path) -> None:
    """Otherwise the rest of the file would be on the slide."""
    with pytest.raises(RegionError, match="not closed"):
        region(page, "open")


def test_a_missing_region_or_file_is_an_error(page: Path) -> None:
    """The error names the regions there are, or the file that is not there."""
    with pytest.raises(RegionError, match="is not there; regions: form, open"):
        region(page, "head")
    with pytest.raises(RegionError, match=r"none\.html: cannot be read"):
        region(page.with_name("none.html"), "head")


def test_a_file_tells_its_language() -> None:
    """The highlighter is told by the name where the ending says too little."""
    names = ["demos/hello.py", "nginx.conf", "page.html"]
    assert [language(Path(name)) for name in names] == ["python", "nginx", "html"]
