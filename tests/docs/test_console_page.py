"""The console's page in the docs, and its pictures."""

import re
import struct

import pytest

from local.console.events import OUTCOMES
from tests.running import ROOT
from tools import screenshots

PAGE = (ROOT / "docs" / "console.md").read_text()
LARGEST = 200 * 1024


def size(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", picture[16:24])


def test_each_picture_is_kept_small_and_shown():
    kept = sorted(path.name for path in screenshots.FOLDER.iterdir())

    assert kept == sorted(f"{name}.png" for name in screenshots.PICTURES)
    for name in kept:
        assert (screenshots.FOLDER / name).stat().st_size < LARGEST
        assert f"console/{name}" in PAGE


@pytest.mark.browser
def test_the_pictures_are_taken_by_one_command(tmp_path):
    told = []

    taken = screenshots.take(tmp_path, told.append)

    assert len(taken) == len(told) == len(screenshots.PICTURES)
    for path in taken:
        _, wanted, _ = screenshots.PICTURES[path.stem]
        assert size(path.read_bytes()) == wanted
        assert size((screenshots.FOLDER / path.name).read_bytes()) == wanted
        assert path.stat().st_size < LARGEST


def test_each_outcome_is_explained():
    explained = set(re.findall(r"^\| ([a-z ]+) \|", PAGE, re.M))
    shown = {"retrying" if outcome == "retry" else outcome for outcome in OUTCOMES}

    assert shown <= explained
