"""The pages use standard terms."""

import re

from tests.support import markdown
from tests.support.markdown import FENCED, ROOT

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
ANY_REPLACED_WORD = re.compile(rf"\b(?:{'|'.join(REPLACED_WORDS)})\b", re.I)


def prose(text: str) -> str:
    """*text* without code, addresses and quotations."""
    text = re.sub(r"`[^`\n]*`|\"[^\"\n]*\"", "", FENCED.sub("", text))
    return re.sub(r"\]\([^)]*\)|https?://\S+", "", text)


def test_pages_use_standard_terms():
    assert [
        f"{page.relative_to(ROOT)}: {match.group()} → {term}"
        for page in markdown.pages()
        for match in ANY_REPLACED_WORD.finditer(prose(page.read_text()))
        for words, term in REPLACED_WORDS.items()
        if re.fullmatch(words, match.group(), re.I)
    ] == []
