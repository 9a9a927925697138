"""Imports one file: reads, validates, posts, and counts."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Lock, local
from typing import IO, Any

from cli.imports.events import Batch, Builder, NewEvent, RejectedRow
from cli.imports.lanes import Lanes
from cli.imports.poster import ItemResult, Pace, Poster
from cli.imports.record import Progress, RejectedRows, write_progress
from cli.imports.source import Row


@dataclass
class Summary:
    """What became of an import.

    Attributes:
        rows: that were read.
        events: that ingest has stored.
        accepted: rows in these.
        rejected: rows that were not valid.
        seconds: from the first row to the last answer.
    """

    rows: int = 0
    events: int = 0
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0


class Import:
    """One run over a file.

    Args:
        builder: of the batches.
        progress: of an earlier run, or a new one; it is kept up to date.
        resume_file: where *progress* is written; None to write none.
        rejected: gets the invalid rows.
        accepted_events: gets a line for each stored event, ``uid<tab>row,…``; None
            where it is not needed.
    """

    def __init__(
        self,
        builder: Builder,
        progress: Progress,
        resume_file: Path | None,
        rejected: RejectedRows,
        accepted_events: IO[str] | None = None,
    ) -> None:
        self._builder = builder
        self._progress = progress
        self._resume_file = resume_file
        self._rejected = rejected
        self._accepted_events = accepted_events
        self._lock = Lock()
        self._skip = list(progress.done)

    def check(self, rows: Iterator[Row]) -> Summary:
        """Validate all *rows* and send nothing; each valid row counts as accepted."""
        start, summary = time.monotonic(), Summary()
        for batch in self._batches(rows, summary):
            summary.events += len(batch.events)
            summary.accepted += sum(len(event.rows) for event in batch.events)
        return self._finish(summary, start)

    def send(
        self,
        rows: Iterator[Row],
        connect: Callable[[Flag], Poster],
        pace: Pace,
    ) -> Summary:
        """Post all *rows* but those that an earlier run has sent.

        Args:
            connect: a poster, for each lane's thread.

        Raises:
            ImportStopped: it cannot go on.
            KeyboardInterrupt: what is being sent is completed first.
        """
        start, summary, stopped = time.monotonic(), Summary(), Flag()
        of_thread = local()
        self._save()

        def send_batch(batch: Batch) -> None:
            poster: Poster | None = getattr(of_thread, "poster", None)
            if poster is None:
                poster = of_thread.poster = connect(stopped)
            pace.wait(sum(len(event.rows) for event in batch.events), stopped.wait)
            if stopped.is_set():
                return
            self._complete(batch, poster.post(batch.events))

        lanes = Lanes(len(self._progress.done), send_batch, stopped)
        try:
            for batch in self._batches(rows, summary):
                if remaining := self._without_sent(batch):
                    lanes.put(remaining)
        except BaseException:
            stopped.set()
            lanes.close()
            raise
        lanes.close()
        summary.events, summary.accepted = (
            self._progress.events,
            self._progress.accepted,
        )
        return self._finish(summary, start)

    def _batches(self, rows: Iterator[Row], summary: Summary) -> Iterator[Batch]:
        for row in rows:
            summary.rows += 1
            try:
                yield from self._builder.add(row)
            except RejectedRow as rejected:
                record = {"error": rejected.error, "errors": rejected.errors}
                with self._lock:
                    self._rejected.write([row.number], record, row.content)
        yield from self._builder.finish()

    def _without_sent(self, batch: Batch) -> Batch | None:
        """*batch* without the events that an earlier run has sent."""
        sent = min(self._skip[batch.lane], len(batch.events))
        self._skip[batch.lane] -= sent
        for event in batch.events[:sent]:
            with self._lock:
                if event.rows[0] not in self._rejected:
                    self._keep(event)
        remaining = batch.events[sent:]
        return batch._replace(events=remaining) if remaining else None

    def _complete(self, batch: Batch, results: list[ItemResult]) -> None:
        progress = self._progress
        with self._lock:
            for event, result in zip(batch.events, results, strict=True):
                if result.status == 200:
                    progress.accepted += len(event.rows)
                    progress.events += 1
                    self._keep(event)
                    continue
                record: dict[str, Any] = {"uid": event.uid, "status": result.status}
                record |= {"error": result.error, "errors": result.errors}
                self._rejected.write(event.rows, record, None)
            progress.done[batch.lane] += len(batch.events)
            self._save()

    def _keep(self, event: NewEvent) -> None:
        if self._accepted_events:
            rows = ",".join(map(str, event.rows))
            self._accepted_events.write(f"{event.uid}\t{rows}\n")

    def _save(self) -> None:
        if self._resume_file:
            write_progress(self._resume_file, self._progress)

    def _finish(self, summary: Summary, start: float) -> Summary:
        summary.rejected = self._rejected.count
        summary.seconds = time.monotonic() - start
        return summary
