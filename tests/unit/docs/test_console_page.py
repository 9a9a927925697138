"""The console's page in the docs, and its pictures."""

import re

from cli.event_list import STATUSES
from tests.support import markdown
from tests.support.markdown import ROOT

PAGE = markdown.read("docs/console.md")
PICTURES = ROOT / "docs" / "console"
MAX_PICTURE_BYTES = 150_000


def test_pictures_are_small_and_shown():
    pictures = list(PICTURES.iterdir())

    assert {path.name for path in pictures} == set(
        re.findall(r"console/([\w-]+\.png)", PAGE)
    )
    assert [path for path in pictures if path.stat().st_size > MAX_PICTURE_BYTES] == []


def test_every_status_is_explained():
    explained = set(markdown.column(markdown.section(PAGE, "Events"), "status"))

    assert explained == set(STATUSES)
