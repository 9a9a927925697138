"""Alerts and dashboard have the form that Cloud Monitoring accepts."""

import json
import re
from itertools import combinations

import pytest

from tests.terraform.workspace import CONFIGURATION, PROTECTION, ROOT


@pytest.fixture(scope="session")
def resources(started):
    """Values by kind and index of the whole deployment."""
    values = {}
    state = started["defaults"].result().applied
    for one in state["root_module"]["resources"]:
        values.setdefault(one["type"], {})[one.get("index")] = one["values"]
    return values


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


def test_dashboard_has_these_tiles(dashboard):
    titles = [tile["widget"]["title"] for tile in dashboard["mosaicLayout"]["tiles"]]
    assert titles == [
        "Dead letters",
        "Oldest event waiting (s)",
        "Alarms",
        "Ingest to outcome, 99th percentile (ms)",
        "Published, per second",
        "Handled, duplicate or skipped, per second",
        "Rejected, per second",
        "Retry or error, per second",
        "Ingest to outcome, median and 95th percentile (ms)",
        "Processing time per delivery, 95th percentile (ms)",
        "Events waiting",
        "Oldest event waiting (s)",
        "Deliveries by status, per second",
        "Requests to ingest by response class, per second",
    ]


def test_every_published_event_is_counted(dashboard):
    """Also those of batches, of which ingest logs one entry."""
    [query] = queries(dashboard["mosaicLayout"]["tiles"][4])
    assert query["aggregation"]["groupByFields"] == ["resource.label.topic_id"]
    for part in (
        '"commerce-product"',
        '"pubsub.googleapis.com/topic/send_message_operation_count"',
        'response_class="success"',
    ):
        assert part in query["filter"]
    assert "commerce-dead-letters" not in query["filter"]


@pytest.mark.parametrize("number", range(5, 8))
def test_outcomes_are_shown_per_entity(dashboard, number):
    tile = dashboard["mosaicLayout"]["tiles"][number]
    for query in queries(tile):
        assert query["aggregation"]["groupByFields"] == ["metric.label.entity"]


def test_tiles_cover_the_grid_without_overlap(dashboard):
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
    """Paths of zeros and empty values: the API drops them, so every plan differs."""
    if isinstance(value, dict):
        return [f".{k}{path}" for k, one in value.items() for path in empty(one)]
    if isinstance(value, list) and value:
        return [f"[{i}]{path}" for i, one in enumerate(value) for path in empty(one)]
    return [] if value else [""]


def test_dashboard_has_no_empty_values(dashboard):
    assert empty(dashboard) == []


# The metric of each alert, its aligner and reducer, the threshold and the duration.
ALERTS = {
    "alarms": ("alarms", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "commerce_rejections": ("outcomes", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "dead_letters": ("num_undelivered_messages", "ALIGN_MAX", "REDUCE_MAX", 0, "0s"),
    "errors": ("errors", "ALIGN_DELTA", "REDUCE_SUM", 0, "0s"),
    "ingest_errors": ("request_count", "ALIGN_DELTA", "REDUCE_SUM", 0.02, "300s"),
    "unacknowledged": (
        "oldest_unacked_message_age",
        "ALIGN_MAX",
        "REDUCE_MAX",
        15 * 60,
        "0s",
    ),
}


def test_alerts_have_their_conditions(resources):
    conditions = {}
    for name, policy in resources["google_monitoring_alert_policy"].items():
        [condition] = policy["conditions"][0]["condition_threshold"]
        [aggregation] = condition["aggregations"]
        metric = re.search(r'metric\.type="[^"]*/(\S+)"', condition["filter"])[1]
        conditions[name] = (
            metric.removeprefix("commerce-"),
            aggregation["per_series_aligner"],
            aggregation["cross_series_reducer"],
            condition["threshold_value"],
            condition["duration"],
        )
        assert (condition["comparison"], policy["combiner"]) == ("COMPARISON_GT", "OR")
    assert conditions == ALERTS


def test_rejections_alert_counts_rejected_only(resources):
    policy = resources["google_monitoring_alert_policy"]["commerce_rejections"]
    [condition] = policy["conditions"][0]["condition_threshold"]
    assert condition["filter"].endswith(' AND metric.labels.outcome="rejected"')


def test_each_alert_names_a_remedy(started):
    """Each names a remedy, by names that exist."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    files = sorted(CONFIGURATION.glob("variables*.tf"))
    text = "".join(path.read_text() for path in files)
    variables = re.findall(r'^variable "(\w+)"', text, re.M)
    outcomes = {"alarm", "batch", "error", "published"}
    protected = started[PROTECTION].result().applied["root_module"]
    policies = {
        one["index"]: one["values"]
        for one in protected["resources"]
        if one["type"] == "google_monitoring_alert_policy"
    }
    further = {"commerce_events_errors", "unauthorized"}
    assert policies.keys() - ALERTS.keys() == further
    for name, policy in policies.items():
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


def test_alerts_carry_the_labels(started):
    labels = {"application": "commerce-events", "team": "shop"}
    for one in started["grown"].result().applied["root_module"]["resources"]:
        if one["type"] == "google_monitoring_alert_policy":
            assert one["values"]["user_labels"] == labels


def test_each_alert_has_one_metric_and_resource(resources):
    for policy in resources["google_monitoring_alert_policy"].values():
        [condition] = policy["conditions"][0]["condition_threshold"]
        for query in (condition["filter"], condition["denominator_filter"] or ""):
            if query:
                assert len(re.findall(r"metric\.type=", query)) == 1
                assert len(re.findall(r"resource\.type=", query)) == 1


def test_periods_of_alerts_are_whole_minutes(resources):
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


def test_backlog_alert_covers_every_entity(resources):
    policy = resources["google_monitoring_alert_policy"]["unacknowledged"]
    [condition] = policy["conditions"][0]["condition_threshold"]
    names = re.search(r"subscription_id=one_of[(](.*?)[)]", condition["filter"])[1]
    entities = resources["google_pubsub_subscription"].keys() - {None}
    assert names == ",".join(f'"commerce-{entity}"' for entity in sorted(entities))
    assert condition["threshold_value"] == 15 * 60
