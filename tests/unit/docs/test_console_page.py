"""The console's page in the docs, and its pictures."""

from cli.event_list import STATUSES
from tests.support import markdown
from tools import screenshots

PAGE = markdown.read("docs/console.md")
MAX_PICTURE_BYTES = 150_000


def test_pictures_are_small_and_shown():
    names = sorted(path.name for path in screenshots.FOLDER.iterdir())

    assert names == sorted(f"{name}.png" for name in screenshots.PICTURES)
    for name in names:
        assert (screenshots.FOLDER / name).stat().st_size < MAX_PICTURE_BYTES
        assert f"console/{name}" in PAGE


def test_every_status_is_explained():
    explained = set(markdown.column(markdown.section(PAGE, "Events"), "status"))

    assert explained == set(STATUSES)
