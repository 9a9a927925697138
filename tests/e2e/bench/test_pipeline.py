"""The bench measures the whole path and a night's stock; its verdicts are right."""

import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from bench import stock
from bench.pipeline import command as pipeline
from tests.support.running import ROOT

TINY = (
    *(
        "--events",
        "16",
        "--seconds",
        "0.3",
        "--rounds",
        "1",
        "--commerce-ms",
        "0",
        "20",
    ),
    *("--memory-events", "96", "--waiting", "16", "--catch-up-ms", "10"),
    *("--warm-up", "16", "--speed", "50", "--ledgers", "SQLite"),
)
PARTS = ["ingest", "broker", "consumer", "stand-in"]


def run(main: Callable[[list[str]], int], *options: str) -> tuple[int, str]:
    """Exit status and output of a command."""
    with redirect_stdout(io.StringIO()) as output:
        return main(list(options)), output.getvalue()


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[str, dict[str, Any]]:
    """Output and saved figures of a small run."""
    file = tmp_path_factory.mktemp("bench") / "saved.json"
    _, tables = run(pipeline.main, *TINY, "--save", str(file))
    return tables, json.loads(file.read_text())


def test_every_pipeline_is_measured(measured):
    tables, saved = measured

    names = [(one["name"], one["commerce_ms"]) for one in saved["figures"]]
    assert names == [("bare", 0), ("SQLite", 0), ("SQLite", 20)]
    for one in saved["figures"]:
        p50, p95, p99 = one["latency_ms"]
        assert one["commerce_ms"] < p50 <= p95 <= p99
        assert one["events"] == 16
        assert list(one["cpu_ms"]) == PARTS
        assert f"| {one['name']} | {one['commerce_ms']} | {one['rate']:.1f} |" in tables
    bounds = [one["bound"] for one in saved["figures"]]
    assert bounds == [None, saved["figures"][0]["rate"], 4 / 0.020]
    assert saved["figures"][-1]["rate"] < bounds[-1]


def test_memory_and_catch_up_are_measured(measured):
    _, saved = measured

    [memory], [catch_up] = saved["memory"], saved["catch_up"]
    assert memory["events"] == [16, 32, 48, 64, 80, 96]
    assert list(memory["memory_mb"]) == PARTS[:3]
    assert all(len(points) == 6 for points in memory["memory_mb"].values())
    assert catch_up["waiting"] == 16
    assert catch_up["bound_seconds"] == 16 * 0.010 / 4 <= catch_up["seconds"]


def figures(name: str, commerce_ms: int, of_bound: float | None) -> dict[str, Any]:
    return {
        **{"name": name, "commerce_ms": commerce_ms, "events": 9, "rate": 9.0},
        **{"bound": of_bound and 10.0, "of_bound": of_bound},
        **{"latency_ms": [1.0, 2.0, 3.0], "cpu_ms": dict.fromkeys(PARTS, 1.0)},
    }


@pytest.mark.parametrize(
    ("at_once", "slow", "missed"),
    [(0.6, 0.95, []), (0.4, 0.8, ["rate to bare at 0 ms", "rate to bound at 300 ms"])],
    ids=["kept", "missed"],
)
def test_missed_promises_of_the_path_are_named(tmp_path, at_once, slow, missed):
    """And the tables and the picture take their place in the documentation."""
    results = {
        **{"conditions": "x & y", "share": 0.7, "memory": [], "catch_up": []},
        "figures": [
            figures("bare", 0, None),
            figures("SQLite", 0, at_once),
            figures("SQLite", 50, 0.1),
            figures("SQLite", 300, slow),
        ],
    }
    file = tmp_path / "given.json"
    file.write_text(json.dumps(results))
    readme = tmp_path / "bench/README.md"
    for folder in (readme.parent, tmp_path / "docs"):
        folder.mkdir()
    readme.write_text((ROOT / "bench/README.md").read_text())

    given = ("--report", str(file), "--publish", str(tmp_path))
    status, tables = run(pipeline.main, *given)

    named = [line for line in tables.splitlines() if "MISSED" in line]
    assert [line.partition(": ")[2].partition(" (")[0] for line in named] == missed
    assert status == bool(missed)
    published = readme.read_text().partition("<!-- pipeline -->")[2]
    assert f"(../docs/pipeline.svg)\n\n{tables}\n<!-- end of pipeline -->" in published
    assert len(texts(tmp_path / "docs/pipeline.svg")) > 10


def texts(picture: Path) -> list[str | None]:
    svg = "{http://www.w3.org/2000/svg}text"
    return [text.text for text in ElementTree.parse(picture).iter(svg)]  # noqa: S314 - ours


@pytest.mark.parametrize(
    ("main", "option", "value", "message"),
    [
        (pipeline.main, "--rounds", "0", "a whole number of at least 1, not '0'"),
        (pipeline.main, "--commerce-ms", "-5", "from 0 to 10,000, not '-5'"),
        (pipeline.main, "--report", "missing.json", "a file that --save has written"),
        (pipeline.main, "--save", "missing/file", "a file in an existing folder"),
        (stock.main, "--rows-per-event", "0", "a whole number of at least 1, not '0'"),
    ],
)
def test_a_wrong_option_is_named_before_anything_starts(
    main, option, value, message, capsys
):
    with pytest.raises(SystemExit) as stopped:
        main([option, value])

    assert stopped.value.code == 2
    output = capsys.readouterr().err
    assert f"argument {option}: must be " in output
    assert message in output


def test_a_night_of_stock_is_measured(tmp_path):
    """A row costs a read and two writes; SQLite reads it again to record it."""
    file = tmp_path / "saved.json"
    rows = ("--rows", "80", "--rows-per-event", "40", "--nights", "2")

    status, table = run(stock.main, *rows, "--ledgers", "SQLite", "--save", str(file))

    new, known = json.loads(file.read_text())["results"]
    assert status == 0
    for one in (new, known):
        assert (one["rows"], one["events"], one["calls"]) == (80, 2, 4)
        # For each event its lease and its result, for each piece another lease.
        assert one["ledger"]["writes"] == 2 * 80 + 2 * 2 + 4
        assert f"| SQLite | {one['night']} | 80 | 2 | " in table
    assert new["ledger"]["deletes"] == 80 + 2
    assert known["ledger"]["deletes"] == 2
