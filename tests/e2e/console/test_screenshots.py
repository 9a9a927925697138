"""The console's pictures are taken by one command."""

import struct

import pytest

from tools import screenshots

MAX_PICTURE_BYTES = 150_000


def size(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", picture[16:24])


@pytest.mark.browser
def test_one_command_takes_the_pictures(page, stack, tmp_path):
    """``make screenshots`` does the same with a stack and a browser of its own."""
    messages = []

    taken = screenshots.take(stack, page, tmp_path, messages.append)

    assert len(taken) == len(messages) == len(screenshots.PICTURES)
    for path in taken:
        _, expected, _ = screenshots.PICTURES[path.stem]
        assert size(path.read_bytes()) == expected
        assert size((screenshots.FOLDER / path.name).read_bytes()) == expected
        assert path.stat().st_size < MAX_PICTURE_BYTES
