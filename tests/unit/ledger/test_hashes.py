"""The key of the ledger's hashes, and the file that keeps it."""

import secrets
import stat
import threading
import time

import pytest

from functions.ledger.hashes import (
    MIN_KEY_LENGTH,
    LedgerHashes,
    ledger_key,
    read_or_create_key,
)

KEY, OTHER_KEY = "k" * 32, "o" * 32


def test_hashes_depend_on_the_key_and_the_kind():
    hashes, others = LedgerHashes(KEY), LedgerHashes(OTHER_KEY)

    values = {
        hashes.uid("15"),
        hashes.resource("15"),
        hashes.event_key("/ingest/erp", "15"),
        hashes.event_key("/ingest/wms", "15"),
        hashes.check_value(),
        others.uid("15"),
        others.check_value(),
    }
    assert len(values) == 7
    assert hashes.uid("15") == LedgerHashes(KEY).uid("15")


def test_a_content_hash_ignores_the_order_of_keys():
    hashes = LedgerHashes(KEY)

    assert hashes.content("e", {"a": 1, "b": 2}) == hashes.content(
        "e", {"b": 2, "a": 1}
    )
    assert hashes.content("e", {"a": 1}) != hashes.content("f", {"a": 1})


@pytest.mark.parametrize("key", ["k" * (MIN_KEY_LENGTH - 1), "é" * MIN_KEY_LENGTH])
def test_a_short_or_non_ascii_key_is_an_error(key):
    with pytest.raises(ValueError, match="^must be at least 32 ASCII characters$"):
        ledger_key(key)


def test_the_file_is_created_once_and_is_private(tmp_path):
    path = tmp_path / "deep" / "ledger.key"

    key = read_or_create_key(path)

    assert ledger_key(key) == key == read_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_functions_that_start_together_get_the_same_key(tmp_path, monkeypatch):
    def slow_token(size):
        time.sleep(0.05)
        return secrets.token_urlsafe(size)

    monkeypatch.setattr("functions.ledger.hashes.secrets.token_hex", slow_token)
    keys, start = [], threading.Barrier(4)

    def read():
        start.wait(10)
        keys.append(read_or_create_key(tmp_path / "ledger.key"))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert keys[0]
