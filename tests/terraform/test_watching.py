"""Alerts and dashboard are such as Cloud Monitoring takes, and show what they must."""

import json
import re
from itertools import combinations

import pytest

from tests.terraform.workspace import CONFIGURATION, ROOT


@pytest.fixture(scope="session")
def resources(started):
    """Values by kind and index of the whole deployment."""
    found = {}
    state = started["whole"].result().states["apply"]
    for one in state["root_module"]["resources"]:
        found.setdefault(one["type"], {})[one.get("index")] = one["values"]
    return found


@pytest.fixture(scope="session")
def dashboard(resources):
    return json.loads(resources["google_monitoring_dashboard"][None]["dashboard_json"])


def queries(tile):
    widget = tile["widget"]
    if "scorecard" in widget:
        return [widget["scorecard"]["timeSeriesQuery"]["timeSeriesFilter"]]
    return [
        one["timeSeriesQuery"]["timeSeriesFilter"]
        for one in widget["xyChart"]["dataSets"]
    ]


def test_dashboard_shows_the_way_of_the_events(dashboard):
    titles = [tile["widget"]["title"] for tile in dashboard["mosaicLayout"]["tiles"]]
    assert titles == [
        "Dead letters waiting",
        "Oldest event waiting (s)",
        "Alarms of our own making",
        "Whole way, 99th percentile (ms)",
        "Events in, per second",
        "Handled, per second",
        "Refused, per second",
        "Tried again, per second",
        "Whole way, median and 95th percentile (ms)",
        "CommerceSession to Commerce, 95th percentile (ms)",
        "Events waiting",
        "Oldest event waiting (s)",
        "Consumers' verdicts by status, per second",
        "Requests to ingest by answer, per second",
    ]


@pytest.mark.parametrize("number", range(4, 8))
def test_what_becomes_of_events_is_shown_per_entity(dashboard, number):
    tile = dashboard["mosaicLayout"]["tiles"][number]
    for query in queries(tile):
        assert query["aggregation"]["groupByFields"] == ["metric.label.entity"]


def test_tiles_fill_the_width_and_do_not_overlap(dashboard):
    layout = dashboard["mosaicLayout"]
    covered = [
        {
            (x, y)
            for x in range(tile.get("xPos", 0), tile.get("xPos", 0) + tile["width"])
            for y in range(tile.get("yPos", 0), tile.get("yPos", 0) + tile["height"])
        }
        for tile in layout["tiles"]
    ]
    assert all(not one & other for one, other in combinations(covered, 2))
    cells = set().union(*covered)
    height = max(y for _, y in cells) + 1
    assert cells == {(x, y) for x in range(layout["columns"]) for y in range(height)}


def empty(value):
    """Paths of zeros and empty values, which the API drops: a difference for ever."""
    if isinstance(value, dict):
        return [f".{k}{path}" for k, one in value.items() for path in empty(one)]
    if isinstance(value, list) and value:
        return [f"[{i}]{path}" for i, one in enumerate(value) for path in empty(one)]
    return [] if value else [""]


def test_dashboard_says_nothing_that_is_dropped(dashboard):
    assert empty(dashboard) == []


# What each alert looks at, and when it fires: metric, how five minutes of it and its
# series are made one number, over what that must be, and for how long.
ALERTS = {
    "commerce_refusals": ("outcomes", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "crashes": ("crashes", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "dead_letters": ("num_undelivered_messages", "ALIGN_MAX", "REDUCE_MAX", 0, "0s"),
    "ingest_errors": ("request_count", "ALIGN_DELTA", "REDUCE_SUM", 0.02, "300s"),
    "sign_in": ("alarms", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "unacknowledged": (
        "oldest_unacked_message_age",
        "ALIGN_MAX",
        "REDUCE_MAX",
        15 * 60,
        "0s",
    ),
}


def test_alerts_fire_when_they_should(resources):
    found = {}
    for name, policy in resources["google_monitoring_alert_policy"].items():
        [condition] = policy["conditions"][0]["condition_threshold"]
        [aggregation] = condition["aggregations"]
        metric = re.search(r'metric\.type="[^"]*/(\S+)"', condition["filter"])[1]
        found[name] = (
            metric.removeprefix("commerce-"),
            aggregation["per_series_aligner"],
            aggregation["cross_series_reducer"],
            condition["threshold_value"],
            condition["duration"],
        )
        assert (condition["comparison"], policy["combiner"]) == ("COMPARISON_GT", "OR")
    assert found == ALERTS


def test_refusals_alert_counts_refusals_only(resources):
    policy = resources["google_monitoring_alert_policy"]["commerce_refusals"]
    [condition] = policy["conditions"][0]["condition_threshold"]
    assert condition["filter"].endswith(' AND metric.labels.outcome="rejected"')


def test_each_alert_says_what_to_do(resources):
    """Each names something to do, by names that exist."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    text = (CONFIGURATION / "variables.tf").read_text()
    variables = re.findall(r'^variable "(\w+)"', text, re.M)
    outcomes = {"alarm", "error", "published"}
    for name, policy in resources["google_monitoring_alert_policy"].items():
        [documentation] = policy["documentation"]
        quoted = re.findall(r"`([^`]+)`", documentation["content"])
        commands = {one.split()[1] for one in quoted if one.startswith("make ")}
        others = {one for one in quoted if not one.startswith("make ")}
        assert commands or "roll back" in documentation["content"], name
        assert commands - set(targets) == set()
        assert others - {*variables, *outcomes} == set()
        pages = set(re.findall(r"docs/[a-z]+\.md", documentation["content"]))
        assert {page for page in pages if not (ROOT / page).is_file()} == set()
        assert "docs/operations.md" in pages


def test_alerts_carry_the_labels(resources):
    labels = {"application": "commerce-events", "team": "shop"}
    for policy in resources["google_monitoring_alert_policy"].values():
        assert policy["user_labels"] == labels


def test_each_alert_names_one_metric_and_one_kind_of_resource(resources):
    for policy in resources["google_monitoring_alert_policy"].values():
        [condition] = policy["conditions"][0]["condition_threshold"]
        for query in (condition["filter"], condition["denominator_filter"] or ""):
            if query:
                assert len(re.findall(r"metric\.type=", query)) == 1
                assert len(re.findall(r"resource\.type=", query)) == 1


def test_spans_of_alerts_are_whole_minutes(resources):
    for policy in resources["google_monitoring_alert_policy"].values():
        [condition] = policy["conditions"][0]["condition_threshold"]
        spans = [
            condition["duration"],
            condition["aggregations"][0]["alignment_period"],
        ]
        assert [int(span.removesuffix("s")) % 60 for span in spans] == [0, 0]


def test_ingest_errors_are_a_share_of_its_requests(resources):
    policy = resources["google_monitoring_alert_policy"]["ingest_errors"]
    [condition] = policy["conditions"][0]["condition_threshold"]
    assert condition["threshold_value"] == 0.02
    assert condition["filter"] == (
        condition["denominator_filter"] + ' AND metric.labels.response_code_class="5xx"'
    )
    assert condition["aggregations"] == condition["denominator_aggregations"]


def test_backlog_alert_looks_at_every_entity(resources):
    policy = resources["google_monitoring_alert_policy"]["unacknowledged"]
    [condition] = policy["conditions"][0]["condition_threshold"]
    names = re.search(r"subscription_id=one_of[(](.*?)[)]", condition["filter"])[1]
    entities = resources["google_pubsub_subscription"].keys() - {None}
    assert names == ",".join(f'"commerce-{entity}"' for entity in sorted(entities))
    assert condition["threshold_value"] == 15 * 60
