"""A ledger in memory."""

import pytest

from functions.ledger.memory import MemoryStore
from tests.support.ledger_kit import LedgerUnderTest


@pytest.fixture
def ledger():
    return LedgerUnderTest(MemoryStore())
