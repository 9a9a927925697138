"""Commands that an operator copies into a shell: ``make trace UID=…``."""

import shlex


def make_command(target: str, *words: str, **variables: str) -> str:
    """``make TARGET`` with *variables*, quoted for a shell.

    Args:
        words: of ARGS, which make and a second shell expand; each of one line.
    """
    if words:
        variables["ARGS"] = shlex.join(words).replace("$", "$$")
    parts = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join(["make", target, *parts])
