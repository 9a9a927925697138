"""Settings of a program on this machine: the environment over ``.env``."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


def environment(process: Mapping[str, str], folder: Path = ROOT) -> dict[str, str]:
    """The process's environment over ``.env``; an empty variable counts as unset."""
    variables = {name: value for name, value in process.items() if value.strip()}
    file = {
        name: value for name, value in dotenv_values(folder / ".env").items() if value
    }
    return {**file, **variables}
