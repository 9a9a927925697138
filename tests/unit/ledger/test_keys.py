"""LEDGER_KEY: keyed hashes, the key file, and the check value of a store."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.consumer.settings import ConsumerSettings
from functions.ingest.settings import IngestSettings
from functions.ledger.hashes import (
    CHECK_KEY,
    KEY_FILE,
    LedgerHashes,
    read_or_create_key,
)
from functions.ledger.ledger import Ledger
from functions.ledger.lookup import WrongLedgerKey
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from functions.ledger.stores import open_hashes, open_ledger
from functions.settings import SettingsError, all_from_environment
from tests.support.ledger_kit import HASHES, SOURCE, UID, LedgerUnderTest, delivery

OTHER = LedgerHashes("o" * 32)
HASHED = {
    "event key": lambda hashes: hashes.event_key(SOURCE, UID),
    "uid": lambda hashes: hashes.uid(UID),
    "resource": lambda hashes: hashes.resource("customer:ada@example.com"),
    "content": lambda hashes: hashes.content("e", {"a": 1}),
    "webhook id": lambda hashes: hashes.webhook_id("msg_1"),
    "check value": lambda hashes: hashes.check_value(),
}


@pytest.mark.parametrize("name", HASHED)
def test_a_hash_depends_on_the_key_alone(name):
    hashed = HASHED[name]

    assert hashed(HASHES) == hashed(LedgerHashes("k" * 32))
    assert hashed(HASHES) != hashed(OTHER)


def test_hashes_are_stable_between_releases():
    """Another hash would be another, empty ledger."""
    assert HASHES.uid("15") == (
        "de1f446510eb6842821b774bb03671bf6c46ea9d33d9f694204506292a5d46a4"
    )
    assert HASHES.event_key("/ingest/erp", "15") == (
        "event-cf78de45e2f3ea59e8e2b31bf9632bab5d0fcfcb75b15b7c0418eeecb9899112"
    )
    assert HASHES.content("e", {"b": 1, "a": [None, "ü"]}) == (
        "03f366a506eef870a009b7cad4f61efaeec7b628e13594c7ecda9d4a02905d03"
    )


def test_hashes_of_different_kinds_differ():
    assert len({HASHES.uid("x"), HASHES.resource("x"), HASHES.webhook_id("x")}) == 3
    for one, other in ((("a\nb", "c"), ("a", "b\nc")), (("a", "1b"), ("a1", "b"))):
        assert HASHES.event_key(*one) != HASHES.event_key(*other)


def test_the_content_hash_ignores_the_order_of_keys():
    assert HASHES.content("e", {"a": 1, "b": 2}) == HASHES.content(
        "e", {"b": 2, "a": 1}
    )


def test_a_text_with_half_a_surrogate_pair_is_hashed():
    assert HASHES.uid("\ud800") != HASHES.uid("\ud801")


# The key file


def test_the_key_file_is_private(tmp_path):
    path = tmp_path / "state" / "ledger.key"

    key = read_or_create_key(path)

    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [child.name for child in path.parent.iterdir()] == ["ledger.key"]
    assert read_or_create_key(path) == key


def test_two_key_files_differ(tmp_path):
    assert read_or_create_key(tmp_path / "a") != read_or_create_key(tmp_path / "b")


def test_processes_that_start_together_read_one_key(tmp_path):
    path = tmp_path / "state" / "ledger.key"

    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(read_or_create_key, [path] * 64))

    assert keys == {path.read_text().strip()}


@pytest.mark.parametrize("content", ["", "short", "ü" * 40])
def test_a_damaged_key_file_is_an_error(content, tmp_path):
    """A new key would mean an empty ledger."""
    path = tmp_path / "ledger.key"
    path.write_text(content)

    with pytest.raises(SettingsError, match=r"ledger\.key must be .* restore the file"):
        read_or_create_key(path)
    assert path.read_text() == content


def test_the_key_lies_beside_a_sqlite_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    beside = open_hashes(f"sqlite:{tmp_path}/deep/ledger.sqlite", "")
    general = open_hashes("firestore", "")

    key = (tmp_path / "deep/ledger.key").read_text().strip()
    assert beside.uid(UID) == LedgerHashes(key).uid(UID)
    key = (tmp_path / KEY_FILE).read_text().strip()
    assert general.uid(UID) == LedgerHashes(key).uid(UID)


def test_a_ledger_in_memory_needs_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    first, second = (open_hashes("memory", "") for _ in range(2))

    assert first.uid(UID) != second.uid(UID)
    assert list(tmp_path.iterdir()) == []


def test_the_setting_comes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert open_hashes("firestore", "k" * 32).uid(UID) == HASHES.uid(UID)
    assert list(tmp_path.iterdir()) == []


# The setting

PUBSUB = {"GOOGLE_CLOUD_PROJECT": "p"}
MISSING = "LEDGER_KEY is not set, and the ledger needs it on Google Cloud"


def errors(environment, *classes):
    with pytest.raises(SettingsError) as raised:
        all_from_environment(environment, *classes)
    return str(raised.value).removeprefix("Wrong settings: ").split("; ")


@pytest.mark.parametrize(
    ("settings", "environment"),
    [
        (ConsumerSettings, {}),
        (ConsumerSettings, {"LEDGER": "firestore"}),
        (IngestSettings, {"LEDGER": "firestore"}),
    ],
)
def test_on_google_cloud_the_key_is_required(settings, environment):
    given = {**PUBSUB, **environment}
    all_from_environment(given, settings)
    given["K_SERVICE"] = "consumer-product"

    assert errors(given, settings) == [MISSING]
    assert errors({**given, "LEDGER_KEY": " "}, settings) == [MISSING]
    assert all_from_environment({**given, "LEDGER_KEY": "k" * 32}, settings)


def test_ingest_without_ledger_needs_no_key():
    assert all_from_environment({**PUBSUB, "K_SERVICE": "ingest"}, IngestSettings)


def test_a_missing_key_is_named_among_all_errors():
    environment = {"K_SERVICE": "consumer", "LEDGER_DAYS": "0"}

    lines = errors(environment, ConsumerSettings)

    assert MISSING in lines
    assert any(line.startswith("LEDGER_DAYS must be") for line in lines)
    assert len(lines) == 3  # the project's id, too


@pytest.mark.parametrize("key", ["short", "k" * 31, "ü" * 40])
def test_a_key_that_can_be_guessed_is_an_error(key):
    [line] = errors({**PUBSUB, "LEDGER_KEY": key}, ConsumerSettings)

    assert line == "LEDGER_KEY must be at least 32 ASCII characters"
    assert key not in line


def test_the_key_is_not_shown():
    [settings] = all_from_environment(
        {**PUBSUB, "LEDGER_KEY": "k" * 32}, ConsumerSettings
    )

    assert "kkk" not in repr(settings)


# The check value


@pytest.fixture
def written():
    """A store that a ledger with HASHES has written."""
    store = MemoryStore()
    LedgerUnderTest(store).lease(delivery())
    return store


READS = {
    "event": lambda ledger: ledger.event(SOURCE, UID),
    "events_of": lambda ledger: ledger.events_of(UID),
    "newest": lambda ledger: ledger.newest("product:LAMP"),
    "find_uid": lambda ledger: ledger.find_uid(UID),
    "find_resource": lambda ledger: ledger.find_resource("product:LAMP"),
    "forget_uid": lambda ledger: ledger.forget_uid(UID),
    "forget_resource": lambda ledger: ledger.forget_resource("product:LAMP"),
}


def test_the_first_lease_stores_the_check_value(written):
    record = written.get(CHECK_KEY)

    assert record["check"] == HASHES.check_value()
    assert "k" * 32 not in str(record)


def test_another_key_acquires_no_lease(written):
    before = dict(written._records)
    ledger = Ledger(written, OTHER, 40, 35)

    for _ in range(2):
        with pytest.raises(WrongLedgerKey, match="written with another LEDGER_KEY"):
            ledger.acquire(SOURCE, UID, delivery())
    assert written._records == before


@pytest.mark.parametrize("name", READS)
def test_another_key_reads_nothing(name, written):
    before = dict(written._records)

    with pytest.raises(LedgerUnavailable, match="written with another LEDGER_KEY"):
        READS[name](Ledger(written, OTHER))
    assert written._records == before
    assert READS[name](Ledger(written, HASHES)) is not False


@pytest.mark.parametrize("name", READS)
def test_readers_of_an_empty_store_write_nothing(name):
    store = MemoryStore()
    ledger = Ledger(store, OTHER)
    READS[name](ledger)
    assert store._records == {}

    # A consumer has another key: the reader notices it later, too.
    LedgerUnderTest(store).lease(delivery())
    with pytest.raises(WrongLedgerKey):
        READS[name](ledger)


def test_the_check_value_is_read_once(written, monkeypatch):
    ledger = Ledger(written, HASHES)
    ledger.newest("product:LAMP")
    read = []
    monkeypatch.setattr(written, "get", lambda key: read.append(key))

    ledger.newest("product:LAMP")
    ledger.event(SOURCE, UID)

    assert CHECK_KEY not in read


def test_of_two_first_keys_one_wins():
    """Two processes with different keys begin with an empty store."""
    store = MemoryStore()
    get, first = store.get, Ledger(store, OTHER, 40, 35)

    def get_before_another_writes(key):
        record = get(key)
        store.get = get
        LedgerUnderTest(store).lease(delivery())
        return record

    store.get = get_before_another_writes
    with pytest.raises(WrongLedgerKey):
        first.acquire(SOURCE, UID, delivery())


def test_a_ledger_is_opened_with_its_key(tmp_path):
    name = f"sqlite:{tmp_path / 'ledger.sqlite'}"
    open_ledger(name, "p", "k" * 32, 40, 35).acquire(SOURCE, UID, delivery())

    with pytest.raises(WrongLedgerKey):
        open_ledger(name, "p", "o" * 32).event(SOURCE, UID)
    assert open_ledger(name, "p", "k" * 32).event(SOURCE, UID)


def test_an_unusable_folder_is_one_sentence(tmp_path):
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(SettingsError, match="set LEDGER_KEY, or correct LEDGER"):
        read_or_create_key(file / "ledger.key")
