"""Makes text from outside safe to write to a terminal."""


def printable(text: str) -> str:
    """*text* with each control character replaced, so that a terminal obeys none."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
