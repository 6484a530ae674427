"""Looking for files and folders, and writing them: what cannot be looked at is not taken for
nothing, and what is on its way is nobody else's."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from legalgen.settings import writing
from legalgen.settings.reading import is_folder, is_there, listed, reason_of


def test_what_stands_in_a_folder(tmp_path: Path) -> None:
    """By its name, sorted; hidden files too where the pattern fits, and nothing of no folder."""
    for name in ("b-1.json", "a-1.json", "a-1.txt", ".a.json"):
        (tmp_path / name).touch()
    assert [path.name for path in listed(tmp_path, "*.json")] == [".a.json", "a-1.json", "b-1.json"]
    assert len(listed(tmp_path)) == 4
    assert listed(tmp_path / "none" / "inner") == []


def test_no_folder_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    """A link in a circle, a file in its place, and a link to a disk that is not mounted."""
    circle, file, unmounted = (tmp_path / name for name in ("circle", "file", "unmounted"))
    circle.symlink_to(circle)
    file.touch()
    unmounted.symlink_to(tmp_path / "disk")
    for folder, number in (
        (circle, errno.ELOOP),
        (file, errno.ENOTDIR),
        (unmounted, errno.ENOENT),
        (unmounted / "data", errno.ENOENT),
    ):
        with pytest.raises(OSError, match=r".") as caught:
            listed(folder)
        assert caught.value.errno == number


def test_what_cannot_be_looked_at_is_not_said_to_be_gone(tmp_path: Path) -> None:
    """A name below a file is none; of a link in a circle nobody can tell."""
    circle, file = tmp_path / "circle", tmp_path / "file"
    circle.symlink_to(circle)
    file.touch()
    assert (is_there(file), is_folder(file), is_folder(tmp_path)) == (True, False, True)
    assert not is_there(file / "below")
    for look in (is_there, is_folder):
        with pytest.raises(OSError, match="Too many levels"):
            look(circle)


def test_a_file_is_written_though_another_command_clears_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the making of the file beside and its lock nothing shows that its writer lives."""
    came: list[Path] = []
    lock = writing.try_lock

    def late(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
        if not came:
            came.extend(listed(tmp_path, ".*"))
            writing.clear_beside(tmp_path)
        return lock(descriptor, kind)

    monkeypatch.setattr(writing, "try_lock", late)  # nothing else comes between the two calls
    with writing.swapped_in(tmp_path / "health.json") as file:
        file.write(b"{}")
    assert len(came) == 1
    assert [(path.name, path.read_bytes()) for path in listed(tmp_path)] == [("health.json", b"{}")]


@pytest.mark.parametrize(
    ("number", "helps"),
    [
        (errno.EMFILE, "; raise the limit (ulimit -n)"),
        (errno.ENFILE, "; raise the limit (ulimit -n)"),
        (errno.EPERM, ""),
        (errno.EIO, ""),
    ],
)
def test_no_mode_is_blamed_for_what_no_mode_gives(tmp_path: Path, number: int, helps: str) -> None:
    """An attribute, a file system without hard links, a limit of the process."""
    path = tmp_path / "mine"
    path.touch()
    error = OSError(number, os.strerror(number))
    assert reason_of(error, path) == f"{os.strerror(number)}{helps}"
