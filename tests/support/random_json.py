"""Random JSON values."""

import random
from collections.abc import Sequence
from typing import Any


def random_json(
    chooser: random.Random, keys: Sequence[str], texts: Sequence[str], depth: int = 3
) -> Any:
    """A JSON value with the next choices of *chooser*.

    Args:
        keys: of its objects.
        texts: its texts are some of these, joined.
        depth: levels of lists and objects in it, at most.
    """
    kind = chooser.choice(["scalar", "text", "list", "object", "object"])
    if kind == "object" and depth:
        names = chooser.sample(keys, chooser.randrange(min(len(keys), 4) + 1))
        return {name: random_json(chooser, keys, texts, depth - 1) for name in names}
    if kind == "list" and depth:
        length = chooser.randrange(4)
        return [random_json(chooser, keys, texts, depth - 1) for _ in range(length)]
    if kind == "text":
        return "".join(chooser.choices(texts, k=chooser.randrange(4)))
    return chooser.choice([None, True, False, 0, -1, 7, 2**63])
