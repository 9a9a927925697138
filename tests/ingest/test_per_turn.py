"""What one turn of the event loop logs is written in one call."""

import asyncio
import json

from functions.ingest.per_turn import PerTurn
from functions.log import Log


def test_what_one_turn_logs_is_written_at_its_end_in_one_call():
    written = []
    log = Log(write=PerTurn(written.append))

    async def turns() -> None:
        log.line("INFO", "a")
        log.line("INFO", "b")
        assert written == []
        await asyncio.sleep(0)
        assert [len(lines.splitlines()) for lines in written] == [2]
        log.line("INFO", "c")

    log.line("INFO", "no loop runs yet")
    assert len(written) == 1
    written.clear()
    asyncio.run(turns())

    assert [json.loads(line)["message"] for line in b"".join(written).splitlines()] == [
        "a",
        "b",
        "c",
    ]
