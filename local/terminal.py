"""Shows in the terminal what happens: one line per stage of an event."""

import sys
import time
from typing import Any, TextIO

from cli.journal_entries import BROKER, JournalEntry
from cli.terminal_text import printable

COLOURS = {
    "handled": "32",
    "duplicate": "36",
    "skipped": "36",
    "retrying": "33",
    "rejected": "31",
    "error": "31",
    "exhausted": "31",
}
BATCH_COUNTS = ("accepted", "rejected", "failed")


class Terminal:
    """Writes journal entries and notices to *out*.

    Args:
        verbose: successful calls to Commerce too; failed ones are always shown.
    """

    def __init__(self, out: TextIO = sys.stdout, verbose: bool = False) -> None:
        self._out = out
        self._verbose = verbose
        self._coloured = out.isatty()

    def write(self, text: str = "") -> None:
        """Write a line."""
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:  # no reader is left; the stack runs on
            pass

    def show(self, entry: JournalEntry) -> None:
        """Write the lines of *entry*, where its stage is shown."""
        labels = entry.labels
        if self._verbose and entry.stage == "outcome":
            for call in labels.get("calls", ()):
                word = f"  {call['method']} {call['route']}"
                status = str(call["status"] or "no response")
                self._line(entry, word, [f"{call['ms']:g} ms", status])
        if shown := _words(entry.stage, labels):
            self._line(entry, *shown)

    def _line(self, entry: JournalEntry, word: str, notes: list[str]) -> None:
        labels = entry.labels
        colour = COLOURS.get(word)
        word = printable(word).ljust(22)
        if colour and self._coloured:
            word = f"\x1b[{colour}m{word}\x1b[0m"
        clock = time.strftime("%H:%M:%S", time.localtime(entry.at))
        entity = str(labels.get("entity", "-")).ljust(14)
        event = str(labels.get("event", "-")).removeprefix("be-observer.").ljust(30)
        texts = [entity, event, f"uid={labels.get('uid', '-')}", *notes]
        self.write("  ".join([clock, word, *map(printable, texts)]).rstrip())


def _words(stage: str, labels: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The first word of an entry's line and its notes; None where none is shown."""
    outcome, attempt = labels.get("outcome"), labels.get("attempt", "?")
    if labels.get("component") == BROKER:
        if stage == "published" and not labels.get("dead_letter"):
            return "published", []
        if stage == "delivered":
            return f"delivered, attempt {attempt}", []
        if stage == "answered" and labels.get("status") is None:
            return "retrying", [f"no response ({labels.get('error')})"]
        if stage == "exhausted":
            return "exhausted", [f"dead-lettered after {attempt} delivery attempts"]
        return None
    if outcome is None or "component" in labels:
        return None
    counts = ((count, labels.get(count)) for count in BATCH_COUNTS)
    counted = ", ".join(f"{number} {count}" for count, number in counts if number)
    notes = [counted] if counted else []
    if "ms" in labels:
        notes.append(f"{labels['ms']:g} ms")
    if "status" in labels:
        notes.append(str(labels["status"]))
    if labels.get("fields"):
        notes.append(", ".join(map(str, labels["fields"])))
    if "reason" in labels:
        notes.append(str(labels["reason"]))
    return {"retry": "retrying"}.get(outcome, outcome), notes
