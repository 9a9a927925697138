"""Text of strangers, fit for a terminal."""


def plain(text: str) -> str:
    """*text* without what a terminal would obey; events come from strangers."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
