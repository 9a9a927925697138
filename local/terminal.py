"""Says in the terminal what happens: a readable line per stage of an event."""

import sys
import time
from typing import TextIO

from cli.happened import Entry
from cli.plain import plain

SHOWN = ("received", "published", "attempt", "outcome", "dead-lettered")
WORDS = {"handled": "handled", "duplicate": "duplicate", "retry": "retrying"}
COLOURS = {
    "handled": "32",
    "duplicate": "36",
    "rejected": "31",
    "retrying": "33",
    "error": "31",
    "dead-lettered": "31",
}


class Terminal:
    """Writes entries and notices to *out*.

    Args:
        verbose: calls to Commerce too.
    """

    def __init__(self, out: TextIO = sys.stdout, verbose: bool = False) -> None:
        self._out = out
        self._stages = (*SHOWN, "call") if verbose else SHOWN
        self._colours = out.isatty()

    def say(self, text: str = "") -> None:
        """Write a line for the reader."""
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:  # nobody reads any more; the stack goes on
            pass

    def entry(self, entry: Entry) -> None:
        """Write the line of *entry*, where its stage is shown."""
        labels = entry.labels
        if entry.stage not in self._stages:
            return
        # The functions tell of the same; that tries are used up only the broker knows.
        if "room" in labels and entry.stage != "dead-lettered":
            return
        at = time.strftime("%H:%M:%S", time.localtime(entry.at))
        what, notes = _words(entry.stage, labels)
        colour = COLOURS.get(what)
        what = plain(what).ljust(22)
        if colour and self._colours:
            what = f"\x1b[{colour}m{what}\x1b[0m"
        entity = str(labels.get("entity", "-")).ljust(14)
        event = str(labels.get("event", "-")).removeprefix("be-observer.")
        words = [entity, event.ljust(30), f"uid={labels.get('uid', '-')}", *notes]
        self.say("  ".join([at, what, *map(plain, words)]).rstrip())


def _words(stage: str, labels: dict) -> tuple[str, list[str]]:
    notes = []
    if "ms" in labels:
        notes.append(f"{labels['ms']:g} ms")
    outcome = labels.get("outcome")
    if stage == "attempt":
        return f"delivered, attempt {labels.get('attempt', 1)}", notes
    if stage == "call":
        notes.append(str(labels.get("status", "no answer")))
        return f"  {labels.get('message', 'call')}"[:60], notes
    if stage == "dead-lettered":
        return stage, [f"out of tries, after {labels.get('attempt', '?')}"]
    if outcome is None:
        return stage, notes
    if "status" in labels:
        notes.append(str(labels["status"]))
    if labels.get("fields"):
        notes.append(", ".join(map(str, labels["fields"])))
    if "answer" in labels:  # logged only where the words are the consumer's own
        notes.append(str(labels["answer"]))
    return WORDS.get(outcome, outcome), notes
