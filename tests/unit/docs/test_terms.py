"""The pages use standard terms."""

import re

import pytest

from tests.support import markdown
from tests.support.markdown import FENCED, ROOT

PAGES = [str(path.relative_to(ROOT)) for path in markdown.pages()]
# Word, and its standard term.
REPLACED_WORDS = {
    r"nobody|somebody|whoever": "the caller, the operator",
    r"shop|shops": "store, Commerce",
    r"mend|mends|mended": "correct",
    r"(?<!connection )(?:refuses?|refused|refusals?)": "reject, deny",
    r"sign-in|signs? in": "credentials, authentication",
    r"door": "authentication",
    r"unsure": "outcome unknown",
    r"fingerprint": "content hash",
    r"happenings?": "non-idempotent event",
    r"things?": "resource",
    r"tries": "delivery attempts",
    r"under way": "in flight",
    r"(?<!dead )(?<!dead-)letters?(?! such as)": "dead letter",
    r"told|tells": "says, shows, returns",
    r"cloud functions": "Cloud Run functions",
}


def prose(text: str) -> str:
    """*text* without code, addresses and quotations."""
    text = re.sub(r"`[^`\n]*`|\"[^\"\n]*\"", "", FENCED.sub("", text))
    return re.sub(r"\]\([^)]*\)|https?://\S+", "", text)


@pytest.mark.parametrize("page", PAGES)
def test_pages_use_standard_terms(page):
    text = prose(markdown.read(page))

    assert {
        match.group(): term
        for words, term in REPLACED_WORDS.items()
        for match in re.finditer(rf"\b(?:{words})\b", text, re.I)
    } == {}
