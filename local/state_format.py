"""The format of the state that broker, stand-in, journal and ledger keep on disk."""

import re
import zlib

from cli import journal_entries
from functions.ledger import sqlite as ledger
from local.broker import database as broker
from local.commerce import call_journal, entity_store, io_events

SCHEMAS = (
    broker.SCHEMA,
    entity_store.SCHEMA,
    call_journal.SCHEMA,
    io_events.SCHEMA,
    journal_entries.SCHEMA,
    ledger.SCHEMA,
)
RECORDS = 1  # one more where the meaning of a column changes, such as its JSON


def state_format() -> int:
    """A number of 31 bits that differs for different tables or records.

    It follows from the tables, so that a change of them is never forgotten here.
    """
    tables = re.sub(r"--.*|\s+", " ", "\n".join(SCHEMAS))
    return zlib.crc32(f"{RECORDS} {' '.join(tables.split())}".encode()) >> 1
