"""The command: a whole import, interrupted and resumed, against scripted answers."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from cli.imports.record import rejected_path, resume_path
from tests.support.batch_ingest import BatchIngest

HEADER = "sku;source;quantity;outOfStock\n"


def stock_file(folder: Path, count: int) -> Path:
    """Stock of *count* SKUs; lines 12 and 202 are bad."""
    levels = [f"SKU-{number};default;{number},5;no" for number in range(2, count + 2)]
    levels[10] = "SKU-12;default;many;no"
    levels[200] = "SKU-202;default;1"
    path = folder / "stock.csv"
    path.write_text(HEADER + "\n".join(levels) + "\n")
    return path


@pytest.fixture
def file(tmp_path) -> Path:
    return stock_file(tmp_path, 400)


STOCK = ("--event", "catalog_stock_update", "--delimiter", ";", "--decimal-comma")


def run(ingest, *arguments: object, stdin: bytes | None = None) -> tuple[int, str]:
    """Run the command against *ingest*; exit status and output."""
    words = [str(argument) for argument in arguments]
    result = CliRunner().invoke(
        main,
        ["import", *words, "--url", "http://ingest"],
        input=stdin,
        obj={"give_up_seconds": 0, "session": ingest},
    )
    return result.exit_code, result.output


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def effects(ingest: BatchIngest) -> dict[str, str]:
    """The value of each uid; one that was posted twice must have the same value."""
    values: dict[str, str] = {}
    for event in ingest.events:
        text = json.dumps(event["value"])
        assert values.setdefault(event["uid"], text) == text
    return values


def test_an_import_posts_valid_rows_and_reports_others(tmp_path):
    file = stock_file(tmp_path, 1000)
    ingest = BatchIngest()

    status, output = run(ingest, file, *STOCK, "--rows-per-event", 10)

    assert status == 1
    rows = [row for event in ingest.events for row in event["value"]]
    assert len(rows) == 998
    assert {
        "sku": "SKU-3",
        "source": "default",
        "quantity": 3.5,
        "outOfStock": False,
    } in (rows)
    assert 100 <= len(ingest.events) <= 104
    assert lines(rejected_path(file)) == [
        {
            "line": 12,
            "error": "Invalid value for be-observer.catalog_stock_update",
            "errors": {"quantity": ["Must be a number."]},
            "row": ["SKU-12", "default", "many", "no"],
        },
        {
            "line": 202,
            "error": "Invalid value for be-observer.catalog_stock_update",
            "errors": {"outOfStock": ["Missing data for required field."]},
            "row": ["SKU-202", "default", "1"],
        },
    ]
    assert "1,000 rows" in output
    assert f"rejected  2 rows: see {rejected_path(file)}" in output
    assert not resume_path(file).exists()


def test_a_dry_run_sends_nothing(file):
    ingest = BatchIngest()

    status, output = run(ingest, file, *STOCK, "--dry-run", "--json")

    assert (status, ingest.events) == (1, [])
    summary = json.loads(output)
    assert (summary["rows"], summary["accepted"], summary["rejected"]) == (400, 398, 2)
    assert len(lines(rejected_path(file))) == 2
    assert not resume_path(file).exists()


@pytest.mark.parametrize("failing", [1, 3])
def test_an_interrupted_import_is_resumed(file, failing):
    """The same uids with the same values, and each row in one of them."""
    failed = BatchIngest(lambda number, events: 503 if number >= failing else None)
    options = (*STOCK, "--rows-per-event", 1)
    status, output = run(failed, file, *options)
    assert status == 3
    assert "continue with --resume" in output
    sent = {event["uid"] for event in failed.events}
    status, output = run(BatchIngest(), file, *options)
    assert (status, "continue it with --resume" in output) == (2, True)

    resumed = BatchIngest()
    status, output = run(resumed, file, "--resume")

    assert status == 1
    assert not sent & {event["uid"] for event in resumed.events}
    values = effects(failed) | effects(resumed)
    assert len(values) == 398
    assert "accepted  398 rows in 398 events" in output
    assert [entry["line"] for entry in lines(rejected_path(file))] == [12, 202]
    assert not resume_path(file).exists()


def test_a_batch_that_was_cut_off_is_sent_with_the_same_uids(file):
    """A kill after the request and before the record: duplicates, by uid and value."""

    class Killed(BaseException):
        pass

    def respond(number, events):
        if number == 3:
            killed.batches.append(events)
            raise Killed

    killed = BatchIngest(respond)
    options = (*STOCK, "--rows-per-event", 7)
    with pytest.raises(Killed):
        run(killed, file, *options)

    resumed = BatchIngest()
    run(resumed, file, "--resume")

    both = BatchIngest()
    both.batches = killed.batches + resumed.batches
    assert sum(len(json.loads(text)) for text in effects(both).values()) == 398
    assert len(both.events) > len(effects(both))


def test_what_ingest_rejects_is_reported_once(file):
    def respond(number, events):
        events[0]["value"] = "changed"  # as of another version's schema
        return 503 if number == 2 else None

    options = (*STOCK, "--rows-per-event", 2, "--concurrency", 1)
    run(BatchIngest(respond), file, *options)
    rejected = lines(rejected_path(file))
    run(BatchIngest(respond), file, "--resume")

    by_ingest = [entry for entry in lines(rejected_path(file)) if "uid" in entry]
    assert rejected == lines(rejected_path(file))[: len(rejected)]
    assert len({entry["uid"] for entry in by_ingest}) == len(by_ingest) == 2
    assert by_ingest[0]["lines"] == [2, 3]
    assert by_ingest[0]["errors"] == {"data.0.value": ["Must be a list."]}


def test_resume_needs_the_same_file_and_options(file):
    run(BatchIngest(lambda *_: 503), file, *STOCK)

    _, output = run(BatchIngest(), file, "--resume", "--event", "customer_create")
    assert "had another value of --event" in output
    with file.open("a") as stream:
        stream.write("X;default;1;no\n")
    status, output = run(BatchIngest(), file, "--resume")
    assert (status, "has changed since" in output) == (2, True)
    resume_path(file).write_text("{")
    _, output = run(BatchIngest(), file, "--resume")
    assert "cannot be read: delete it" in output
    resume_path(file).unlink()
    _, output = run(BatchIngest(), file, "--resume")
    assert "There is nothing to resume" in output


def test_the_same_file_again_has_other_uids(file):
    first, second = BatchIngest(), BatchIngest()

    run(first, file, *STOCK)
    run(second, file, *STOCK)

    assert not effects(first).keys() & effects(second).keys()


def test_standard_input_is_read_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ingest = BatchIngest()
    row = b'{"sku": "A"}\n{"sku": ""}\n'

    status, _ = run(ingest, "-", "--event", "catalog_product_delete", stdin=row)

    assert (status, len(ingest.events)) == (1, 1)
    assert lines(tmp_path / "stdin.rejected.ndjson")[0]["line"] == 2
    status, output = run(ingest, "-", "--resume", stdin=row)
    assert (status, "standard input is read once" in output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name it with --event"),
        (("--event", "nothing"), "There is no event nothing"),
        (("--event", "catalog_stock_update"), "needs the fields"),
        (("--map", "sku=x"), "--map needs --event"),
        (
            ("--event", "customer_create", "--rows-per-event", "2"),
            "whose value is a list",
        ),
        (("--map", "sku"), "is not of the form NAME=VALUE"),
        (("--delimiter", "xx"), "must be one character, or: tab"),
        (("--encoding", "x"), "unknown to Python"),
    ],
)
def test_a_usage_error_names_its_remedy(file, arguments, reason):
    status, output = run(BatchIngest(), file, *arguments)

    assert status == 2
    assert reason in " ".join(output.replace("│", " ").split())
    assert not resume_path(file).exists()


def test_a_missing_file_is_a_usage_error():
    status, output = run(BatchIngest(), "/no/such.csv", *STOCK)

    assert (status, "There is no file" in output) == (2, True)
