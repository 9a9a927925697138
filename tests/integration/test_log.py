"""Log entries of a process that a signal interrupts."""

import select
import signal
import subprocess
import sys

INTERRUPTED = """
import signal
from functions.log import write_to_stdout
signal.signal(signal.SIGTERM, lambda *_: None)
write_to_stdout(b"x" * 1_000_000)
"""


def test_a_signal_does_not_truncate_an_entry():
    """The reader is slow, and the process gets SIGTERM while it writes."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE
    ) as writer:
        select.select([writer.stdout], [], [])  # it writes, and will have to wait
        writer.send_signal(signal.SIGTERM)

        assert len(writer.stdout.read()) == 1_000_000
