"""Files by their names, and zip files of them."""

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Files = dict[str, bytes]


def files_in(folder: Path, *suffixes: str) -> Files:
    """The files in a folder and those below, by their names in it, in order."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    chosen = [path for path in paths if not suffixes or path.suffix in suffixes]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in chosen}


def put(folder: Path, files: Files) -> None:
    """Write files to a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def archive(path: Path, files: Files) -> None:
    """Write a zip file, which for the same files is the same, byte for byte."""
    with ZipFile(path, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(ZipInfo(name), data, ZIP_DEFLATED, 9)


def flat(files: Files) -> Iterator[str | bytes]:
    """Names and contents in turn, as a key has them."""
    for name, data in files.items():
        yield from (name, data)
