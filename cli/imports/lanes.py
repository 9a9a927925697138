"""Sends batches in parallel: one thread for each lane, one batch at a time."""

from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event as Flag
from threading import Thread

from cli.imports.events import Batch

POLL_SECONDS = 0.1


class Lanes:
    """The threads.

    Args:
        send: called with each batch, in a thread of its lane.
        stopped: set when a batch fails, or when the import ends early.
    """

    def __init__(
        self, count: int, send: Callable[[Batch], None], stopped: Flag
    ) -> None:
        self._send = send
        self._stopped = stopped
        self._finished = Flag()
        self._error: BaseException | None = None
        # One batch waits while another is sent: the file is read no faster.
        self._queues: list[Queue[Batch]] = [Queue(maxsize=1) for _ in range(count)]
        self._threads = [
            Thread(target=self._run, args=(queue,), daemon=True)
            for queue in self._queues
        ]
        for thread in self._threads:
            thread.start()

    def put(self, batch: Batch) -> None:
        """Send *batch* after those of its lane; waits while one is waiting.

        Raises:
            Exception: that of *send*, for any batch.
        """
        while not self._stopped.is_set():
            try:
                self._queues[batch.lane].put(batch, timeout=POLL_SECONDS)
                return
            except Full:
                continue
        self.close()

    def close(self) -> None:
        """Wait until everything is sent, or until each thread has stopped.

        Raises:
            Exception: that of *send*.
        """
        self._finished.set()
        for thread in self._threads:
            thread.join()
        if self._error:
            raise self._error

    def _run(self, queue: "Queue[Batch]") -> None:
        while not self._stopped.is_set():
            try:
                batch = queue.get(timeout=POLL_SECONDS)
            except Empty:
                if self._finished.is_set():
                    return
                continue
            try:
                self._send(batch)
            except BaseException as error:
                self._error = self._error or error
                self._stopped.set()
