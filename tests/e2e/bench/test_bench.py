"""The bench measures every contestant, and its verdicts are right."""

import io
import json
import os
import runpy
import sys
import xml.etree.ElementTree as ElementTree
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from local.processes import ROOT

TINY = (
    *("--broker", "--rounds", "1", "--seconds", "0.02", "--warm-up", "0.001"),
    "--no-memory",
)
STARTING, OTHERS = "receiver", ("ingest", "batch", "consumer")
INGEST, CONSUMER = (1, 16, 64), (1, 16)
BATCHES = ["batches, 100 SKUs", "batches, 10 SKUs"]


def bench(folder: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    """Exit status, output, and the saved figures."""
    saved = folder / "saved.json"
    cores = os.sched_getaffinity(0)
    with (
        ExitStack() as patched,
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as output,
    ):
        patch.setattr(sys, "argv", ["bench", *options, "--save", str(saved)])
        # The bench moves its process to one core.
        patched.callback(os.sched_setaffinity, 0, cores)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "bench/__main__.py"), run_name="__main__")
    return ended.value.code, output.getvalue(), json.loads(saved.read_text())


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, str, dict[str, Any]]:
    """Picture, output and saved figures of all contests."""
    folder = tmp_path_factory.mktemp("bench")
    picture = folder / "bench.svg"
    # One contest starts functions anew as well, because starts cost most here.
    _, _, starting = bench(folder, STARTING, *TINY, "--starts", "1")
    _, _, saved = bench(folder, *OTHERS, *TINY, "--starts", "0")
    saved["results"] |= starting["results"]
    path = folder / "all.json"
    path.write_text(json.dumps(saved))
    _, table, saved = bench(folder, "--report", str(path), "--picture", str(picture))
    return picture, table, saved


@pytest.mark.parametrize(
    ("contest", "names", "levels"),
    [
        ("ingest", ["bare", "ours", "tutorial"], INGEST),
        ("batch", ["single posts", *BATCHES], CONSUMER),
        ("receiver", ["bare", "ours", "bare, unsigned"], CONSUMER),
        ("consumer", ["bare", "ours, memory", "ours, SQLite"], CONSUMER),
    ],
    ids=["ingest", "batch", "receiver", "consumer"],
)
def test_every_contestant_is_measured(measured, contest, names, levels):
    """Every request was answered with 200, or the command would have failed."""
    picture, table, saved = measured

    figures = saved["results"][contest]
    assert [one["name"] for one in figures] == names
    for one in figures:
        assert list(one["rate"]) == [str(level) for level in levels]
        assert all(rate > 0 for rate in one["rate"].values())
        assert all(p99 > 0 for p99 in one["p99"].values())
        assert (one["cold_ms"] > 0) is (contest == STARTING)
        assert f"| {one['name']} | {one['rate']['1']:.0f} / " in table
    texts = [
        text.text
        for text in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - ours
    ]
    assert texts.count(names[-1]) == len(levels)


def figures(name: str, rate: float, levels: tuple[int, ...], **changes: float) -> dict:
    """Figures beside a bare contestant with rate 1000 and p99 10."""
    p99 = changes.pop("p99", 10.0)
    return {
        "name": name,
        "rate": {str(level): rate for level in levels},
        "p99": {str(level): p99 for level in levels},
        "rate_ratio": {str(level): rate / 1000 for level in levels},
        "p99_ratio": {str(level): p99 / 10 for level in levels},
        **{"cold_ms": 100.0, "memory_mb": 100.0, "growth_mb": 0.0, **changes},
    }


def results(
    tutorial: float = 100,
    batches: float = 3000,
    receiver: float = 800,
    **changes: float,
) -> dict[str, list[dict]]:
    """Results that keep every promise, but for *changes* of our ingest."""
    ours = {"rate": 900.0, **changes}
    return {
        "ingest": [
            figures("bare", 1000, INGEST),
            figures("ours", levels=INGEST, **ours),
            figures("tutorial", tutorial, INGEST),
        ],
        "batch": [
            figures("single posts", 1000, CONSUMER),
            *(figures(name, batches, CONSUMER) for name in BATCHES),
        ],
        "receiver": [
            figures("bare", 1000, CONSUMER),
            figures("ours", receiver, CONSUMER),
            figures("bare, unsigned", 1100, CONSUMER),
        ],
        "consumer": [
            figures("bare", 1000, CONSUMER),
            figures("ours, memory", 700, CONSUMER),
            figures("ours, SQLite", 500, CONSUMER),
        ],
    }


BAD = {"tutorial": 200, "batches": 2900, "receiver": 600, "growth_mb": 3.0}
BAD |= {"rate": 700, "p99": 16.0, "cold_ms": 116.0, "memory_mb": 126.0}
MISSED = [
    *(f"rate to {name} at {n}" for n in INGEST for name in ("bare", "tutorial")),
    *("p99 to bare at 16", "cold start to bare", "memory to bare"),
    "memory after twice as many",
    f"events/s to single posts at 1 ({BATCHES[0]})",
    *(f"events/s to single posts at {n} ({BATCHES[1]})" for n in CONSUMER),
    "rate to bare at 16",
]


@pytest.mark.parametrize(
    ("content", "missed"),
    [
        pytest.param(results(), [], id="kept"),
        pytest.param(
            results(**BAD),
            MISSED,
            id="missed",
        ),
    ],
)
def test_missed_promises_are_named(tmp_path, content, missed):
    path = tmp_path / "given.json"
    path.write_text(json.dumps({"conditions": "x & y", "results": content}))

    status, table, saved = bench(tmp_path, "--report", str(path), "--picture", "")

    assert [
        line.split("|")[1].strip().partition(": ")[2]
        for line in table.splitlines()
        if "MISSED" in line
    ] == missed
    assert status == bool(missed)
    assert saved["results"] == content
