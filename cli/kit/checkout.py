"""The files of a kit's checkout."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types
from dotenv import dotenv_values

SKIPPED = {"node_modules", "dist", ".git", "coverage", "test"}
# Of the kit until 3, and of the kit with App Management.
ACTIONS = ("actions", "src/commerce-extensibility-1/actions")
APP_MANAGEMENT = "app.commerce.config.ts"
MAX_FILE_BYTES = 1_000_000
COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", re.S)


class NoCheckout(ValueError):
    """The folder is no checkout of the kit; for the operator."""


@dataclass(frozen=True)
class Action:
    """One action of ``app.config.yaml`` or of a file that it includes.

    Attributes:
        file: which defines it, relative to the checkout.
        definition: its keys, as ``web``, ``inputs``, ``annotations``.
    """

    file: str
    name: str
    definition: dict[str, Any]


class Checkout:
    """A kit's checkout.

    Raises:
        NoCheckout: it has no ``app.config.yaml``, or no actions.

    Attributes:
        actions_folder: relative to the checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        folders = [folder for folder in ACTIONS if (root / folder).is_dir()]
        if not (root / "app.config.yaml").is_file() or not folders:
            raise NoCheckout(
                f"{root} is no checkout of the kit: it has no app.config.yaml, or no"
                f" folder {' or '.join(ACTIONS)}"
            )
        self.actions_folder = folders[0]

    def settings(self) -> dict[str, str]:
        """The variables of ``.env`` that are set."""
        values = dotenv_values(self.root / ".env")
        return {name: value for name, value in values.items() if value}

    def files(self, folder: str, pattern: str) -> Iterator[tuple[str, str]]:
        """Path and text of the files of *folder* that match *pattern*, by path."""
        for path in sorted((self.root / folder).rglob(pattern)):
            relative = path.relative_to(self.root)
            if SKIPPED.isdisjoint(relative.parts) and path.is_file():
                if path.stat().st_size <= MAX_FILE_BYTES:
                    yield str(relative), path.read_text(errors="replace")

    def documents(self, folder: str, pattern: str) -> Iterator[tuple[str, Any]]:
        """Path and content of the JSON files; one that is not JSON is None."""
        for path, text in self.files(folder, pattern):
            try:
                yield path, json.loads(text)
            except ValueError:
                yield path, None

    def app_management(self) -> str:
        """The text of ``app.commerce.config.ts``; "" where there is none."""
        path = self.root / APP_MANAGEMENT
        return path.read_text(errors="replace") if path.is_file() else ""

    def actions(self) -> list[Action]:
        """Every action that a configuration file defines."""
        actions = []
        for path, text in [
            *self.files("", "app.config.yaml"),
            *self.files(self.actions_folder, "*actions.config.yaml"),
        ]:
            try:
                content = yaml.safe_load(text)
            except yaml.YAMLError:
                continue
            actions += [Action(path, *item) for item in _actions(content)]
        return actions


def _actions(content: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(content, dict):
        return
    if "function" in content:
        yield name, content
        return
    for key, inner in content.items():
        yield from _actions(inner, str(key))


def without_comments(text: str) -> str:
    """JavaScript *text* without its comments; its lines keep their numbers."""
    return COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
