"""Figures of the last minutes, and the shapes that are drawn of them."""

import random
import statistics

from cli.journal_entries import JournalEntry
from local.console.activity import Activity, percentile
from local.console.charts import HEIGHT, MARGIN, WIDTH, Chart, charts

NOW = 6000 * 60 + 30.0  # in the middle of a minute


def entry(stage: str, ago: float = 0, **labels) -> JournalEntry:
    """An entry *ago* minutes before now."""
    return JournalEntry(1, NOW - 60 * ago, stage, labels)


def outcome(word: str, ago: float = 0, **labels) -> JournalEntry:
    return entry("outcome", ago, outcome=word, message_id="m", **labels)


def broker(stage: str, ago: float = 0, **labels) -> JournalEntry:
    return entry(stage, ago, component="broker", **{"entity": "product"} | labels)


def activity(*entries: JournalEntry) -> Activity:
    result = Activity()
    for one in entries:
        result.add(one)
    return result


def chart(name: str, source: Activity, backlog=None, dead_letters: int = 0) -> Chart:
    all_charts = charts(source, NOW, backlog or {}, dead_letters)
    return next(one for one in all_charts if one.key == name)


def test_outcomes_are_counted_by_minute():
    source = activity(
        outcome("handled", 16),
        *[outcome("handled", 3)] * 4,
        outcome("retry", 3),
        outcome("handled"),
        entry("published", 0, outcome="rejected", status=400),  # by ingest
        broker("published"),
        entry("outcome", 0, component="request", outcome="x"),
    )

    shown = chart("outcomes", source)

    assert list(shown.series) == ["handled", "rejected", "retry"]
    assert shown.series["handled"] == [0] * 11 + [4, 0, 0, 1]
    assert shown.series["rejected"][-1] == 1
    assert shown.highest == 5
    assert shown.starts[-1] == 6000 * 60
    assert shown.starts[0] == 5986 * 60
    assert shown.summary.startswith("In the last 15 minutes: 5 handled, 0 duplicate")


def test_percentiles_are_those_of_the_nearest_rank(subtests):
    for count in [1, 2, 19, 20, 21, 100]:
        with subtests.test(count=count):
            values = [random.Random(count).uniform(1, 1000) for _ in range(count)]  # noqa: S311

            for share in (0.5, 0.95, 1):
                limit = percentile(values, share)
                assert limit in values
                assert sum(value <= limit for value in values) / count >= share
                assert sum(value < limit for value in values) / count < share
            if count % 2:
                assert percentile(values, 0.5) == statistics.median(values)


def test_latency_is_the_age_of_events_when_they_are_handled():
    source = activity(
        *(outcome("handled", 2, age_ms=float(ms)) for ms in range(1, 101)),
        outcome("duplicate", 2, age_ms=9999.0),
        outcome("handled", 0, age_ms=7.0),
    )

    shown = chart("latency", source)

    assert shown.series["p50"] == [None] * 12 + [50.0, None, 7.0]
    assert shown.series["p95"] == [None] * 12 + [95.0, None, 7.0]
    assert shown.summary == "The highest p95 of a minute is 95 ms."
    assert chart("latency", activity()).summary == "No event was applied."


def test_the_backlog_leads_to_the_present_one():
    source = activity(
        *[broker("published", 2)] * 5,
        *[broker("answered", 1, status=200)] * 3,
        broker("answered", 1, status=503),
        broker("exhausted", 0),
        broker("published", 0, entity="order"),
    )

    shown = chart("backlog", source, {"product": 2, "order": 1, "stock": 0})

    assert shown.series == {
        "product": [1] * 12 + [6, 3, 2],
        "order": [0] * 14 + [1],
    }
    assert "3 events wait" in shown.summary


def test_dead_letters_are_added_and_removed():
    source = activity(
        *[broker("published", 3, dead_letter=True, replayed="1")] * 4,
        broker("published", 1, replayed="1"),
        entry("discarded", 0, component="operator"),
    )

    shown = chart("dead-letters", source, dead_letters=2)

    assert shown.series == {"dead letters": [0] * 11 + [4, 4, 3, 2]}
    assert shown.summary == "2 dead letters now, 0 15 minutes ago."


def test_bars_are_stacked_to_scale():
    source = activity(*[outcome("handled")] * 3, outcome("error"))
    drawable = HEIGHT - 2 * MARGIN

    handled, error = chart("outcomes", source).bars()

    assert (handled.height, error.height) == (drawable * 3 / 4, drawable / 4)
    assert handled.y + handled.height == HEIGHT - MARGIN
    assert error.y == MARGIN
    assert error.y + error.height == handled.y
    assert handled.x + handled.width < WIDTH
    assert list(chart("outcomes", source).lines()) == []


def test_a_line_has_gaps_where_there_is_no_number():
    starts = range(0, 15 * 60, 60)
    values = [0, 10, None, 5, *[None] * 10, 10]
    shown = Chart("k", "t", "ms", starts, {"p50": values}, "")

    lines = [line.points for line in shown.lines()]

    assert lines == ["10,76 30,4", "65,40 75,40", "285,4 295,4"]
    assert list(shown.bars()) == []


def test_without_events_every_chart_can_be_drawn():
    for one in charts(activity(), NOW, {"product": 0}, 0):
        assert one.highest == 0
        assert list(one.bars()) == []
        assert all(len(values) == 15 for values in one.series.values())
        for line in one.lines():
            assert line.points.startswith("10,76 30,76")


def test_old_minutes_are_forgotten():
    source = activity(*(outcome("handled", ago) for ago in range(200, -1, -1)))

    assert len(source._minutes) <= 31
