"""The cost model against numbers computed by hand."""

import json
from pathlib import Path

import pytest

from tools import costs
from tools.costs import Load, Settings, Usage

BY_HAND = Usage(
    {"reads": 1, "writes": 2, "deletes": 1},
    log_line_bytes=1000,
    envelope_bytes=400,
    request_log_bytes=200,
)


def test_a_month_at_10_events_a_second():
    """25.92 million events.

    - Instances: ingest 1 − e⁻¹ = 0.6321; each of four consumers gets 2.5 events/s for
      0.4 s: 1 − e⁻¹ = 0.6321; together 3.1606 × 2,592,000 s = 8,192,277 s.
      (8,192,277 − 180,000) × 0.000024 + (4,096,138 − 360,000) × 0.0000025 = 201.64.
    - Requests: (51.84 − 2) × 0.40 = 19.94.
    - Pub/Sub: 77.76 GB less 10 GiB = 67.0226 GB / 1,099.51 GB × 40 = 2.44.
    - Operations: 259.2 × (0.03 + 2 × 0.09 + 0.01) = 57.02.
    - Storage: 30.24 million documents of 1 kB, 28.163 GiB × 0.15 = 4.22.
    - Logging: 1000 + 3 × 400 + 200 = 2,400 bytes, 57.936 GiB less 50, × 0.50 = 3.97.
    - Fixed: 6 × 0.10 + 3 × 0.35 + 3 × 0.10 = 1.95.
    """
    parts = costs.monthly(Load(10), BY_HAND)

    assert [round(dollars, 2) for dollars in parts.values()] == [
        *(201.64, 19.94, 2.44, 57.02, 4.22, 3.97, 1.95)
    ]
    million = costs.per_million(Load(10), BY_HAND)
    assert sum(million.values()) == pytest.approx(291.18 / 25.92, abs=0.001)


def test_settings_carry_the_load(subtests):
    for name, load, expected in [
        # 25 events/s for 0.324 s in each domain: 8.1 calls, more than 7/8 of 8 slots.
        ("the smallest that suffices", Load(100), Settings(16, 1, 32.4)),
        ("given", Load(100, concurrency=4), Settings(4, 3, 32.4)),
        # 250 events/s take 1.25 vCPU of which 60 % are used: 3 instances.
        ("by CPU", Load(1000), Settings(32, 3, 324.0)),
        ("default", Load(1), Settings(4, 1, 0.324)),
    ]:
        with subtests.test(name):
            chosen = costs.settings(load, BY_HAND)

            assert chosen.calls == pytest.approx(expected.calls)
            assert (chosen.concurrency, chosen.max_instances) == (
                expected.concurrency,
                expected.max_instances,
            )


def test_a_million_events_cost_at_most_7_dollars_at_100_a_second():
    assert sum(costs.per_million(Load(100), Usage()).values()) <= 7.00


def test_before_the_steps_a_million_events_cost_12_50():
    """By the former page: 21 instances, 5 kB of log, 3 reads, 3 writes, 2 deletes."""
    totals = [
        sum(costs.per_million(load, usage).values()) for _, load, usage in costs.steps()
    ]

    assert totals[0] == pytest.approx(12.55, abs=0.005)
    assert totals[1] == pytest.approx(3012.20 / 259.2, abs=0.005)
    assert totals == sorted(totals, reverse=True)


def test_each_price_has_a_source_with_a_date():
    for row in costs.PRICES.values():
        source = costs.DATA["sources"][row["source"]]
        assert source["url"].startswith("https://cloud.google.com/")
        assert "20" in source["read"]


def test_operations_are_the_counted_ones():
    path = Path(costs.__file__).with_name("operations.json")
    assert Usage().operations == json.loads(path.read_text())["inbound"]


def test_the_command_prints_ones_own_load(capsys, monkeypatch):
    arguments = ["costs", "--events-per-second", "40", "--commerce-ms", "250"]
    monkeypatch.setattr("sys.argv", [*arguments, "--concurrency", "16"])

    costs.main()

    printed = capsys.readouterr().out
    assert "40 events/s, 250 ms at Commerce" in printed
    assert "concurrency 16, max_instances 1 per domain" in printed
    assert "together" in printed


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_load_must_be_positive(value, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["costs", "--events-per-second", value])

    with pytest.raises(SystemExit) as stopped:
        costs.main()

    assert stopped.value.code == 2
    assert "must be positive" in capsys.readouterr().err
