"""What is measured of the pipelines, as a table and as a picture."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bench.chart import Bar, Section, chart
from bench.report import Target, promises

COLOURS = {
    "bare": "#bbbbbb",
    "memory": "#2b6cb0",
    "SQLite": "#e39b3a",
    "Firestore": "#6b9e5b",
    "bound": "#eeeeee",
}
MIN_OF_BOUND = {300: 0.9}  # by the milliseconds of Commerce
MIN_OF_BARE = 0.5  # where Commerce answers at once
BESIDE_BARE = ("memory", "SQLite")  # Firestore's emulator takes the cores of the others
GROWTH_EVENTS = 10_000  # growth of memory is that of as many events


@dataclass
class Figures:
    """One pipeline beside a Commerce that answers after *commerce_ms*.

    Attributes:
        events: at saturation.
        rate: events a second at saturation, from the first POST to the last effect.
        bound: of the rate: calls at once divided by Commerce's time; where it answers
            at once, the bare pipeline's rate; None for that one.
        of_bound: the median of the rounds.
        latency_ms: of a POST until its effect, at a share of that rate: p50, p95, p99.
        cpu_ms: of an event, by part.
    """

    name: str
    commerce_ms: int
    events: int
    rate: float
    bound: float | None
    of_bound: float | None
    latency_ms: list[float]
    cpu_ms: dict[str, float]


@dataclass
class Memory:
    """Memory while many events pass.

    Attributes:
        events: at each point.
        memory_mb: at each point, by part.
    """

    name: str
    events: list[int] = field(default_factory=list)
    memory_mb: dict[str, list[float]] = field(default_factory=dict)

    def growth(self, part: str) -> float:
        """MB for each ``GROWTH_EVENTS``, from the first point to the last."""
        first, *_, last = self.memory_mb[part]
        return (last - first) / (self.events[-1] - self.events[0]) * GROWTH_EVENTS


@dataclass
class CatchUp:
    """The end of an outage of Commerce.

    Attributes:
        waiting: events.
        seconds: until all are applied.
        bound_seconds: as long as Commerce takes for them.
    """

    name: str
    commerce_ms: int
    waiting: int
    seconds: float
    bound_seconds: float


@dataclass
class Results:
    """Everything that one command measured."""

    conditions: str
    share: float  # of the sustained rate, for the latency
    figures: list[Figures] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    catch_up: list[CatchUp] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Results":
        """What ``to_json`` returned."""
        return cls(
            saved["conditions"],
            saved["share"],
            [Figures(**one) for one in saved["figures"]],
            [Memory(**one) for one in saved["memory"]],
            [CatchUp(**one) for one in saved["catch_up"]],
        )


def targets(results: Results) -> list[Target]:
    """Every promise with what was measured."""
    kept = []
    for one in results.figures:
        if one.of_bound is None:
            continue
        level = f"at {one.commerce_ms} ms ({one.name})"
        if one.commerce_ms == 0 and one.name in BESIDE_BARE:
            name = f"rate to bare {level}"
            kept.append(Target("pipeline", name, one.of_bound, MIN_OF_BARE, False))
        elif one.commerce_ms in MIN_OF_BOUND:
            bound = MIN_OF_BOUND[one.commerce_ms]
            name = f"rate to bound {level}"
            kept.append(Target("pipeline", name, one.of_bound, bound, False))
    return kept


def tables(results: Results) -> str:
    """Everything, for a terminal and for Markdown alike."""
    parts = list(results.figures[0].cpu_ms)
    lines = [
        results.conditions,
        "",
        "| pipeline | Commerce, ms | events/s | bound | of bound"
        f" | ms from POST to applied at {results.share:.0%} of that rate, p50 / p95 /"
        f" p99 | CPU ms of an event: {' / '.join(parts)} |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results.figures:
        bound, of_bound = "–", "–"
        if one.bound is not None and one.of_bound is not None:
            bound, of_bound = f"{one.bound:.1f}", f"{one.of_bound:.2f}"
        latency = " / ".join(f"{each:.0f}" for each in one.latency_ms)
        cpu = " / ".join(f"{one.cpu_ms[part]:.1f}" for part in parts)
        lines.append(
            f"| {one.name} | {one.commerce_ms} | {one.rate:.1f} | {bound} | {of_bound}"
            f" | {latency} | {cpu} |"
        )
    for memory in results.memory:
        lines += ["", *_memory_lines(memory)]
    if results.catch_up:
        lines += [
            "",
            "| catch-up | Commerce, ms | events waiting | s to drain | bound, s"
            " | of bound |",
            "|---|---|---|---|---|---|",
        ]
    for one in results.catch_up:
        lines.append(
            f"| {one.name} | {one.commerce_ms} | {one.waiting:,} | {one.seconds:.1f}"
            f" | {one.bound_seconds:.1f} | {one.bound_seconds / one.seconds:.2f} |"
        )
    text = "\n".join(lines) + "\n"
    kept = targets(results)
    return f"{text}\n{promises(kept)}" if kept else text


def _memory_lines(memory: Memory) -> list[str]:
    events = " / ".join(f"{count:,}" for count in memory.events)
    lines = [
        f"| memory, {memory.name} | MB after {events} events"
        f" | MB per {GROWTH_EVENTS:,} events |",
        "|---|---|---|",
    ]
    for part, points in memory.memory_mb.items():
        megabytes = " / ".join(f"{each:.1f}" for each in points)
        lines.append(f"| {part} | {megabytes} | {memory.growth(part):+.1f} |")
    return lines


def picture(results: Results) -> str:
    """Events a second as bars, a section for each time of Commerce."""
    by_time: dict[int, list[Figures]] = {}
    for one in results.figures:
        by_time.setdefault(one.commerce_ms, []).append(one)
    sections = []
    for milliseconds, figures in by_time.items():
        bars = []
        if milliseconds and (bound := figures[0].bound):
            bars.append(Bar("bound", bound, f"{bound:.1f}", COLOURS["bound"]))
        for one in figures:
            ratio = f"  ({one.of_bound:.2f})" if one.of_bound is not None else ""
            label = f"{one.rate:.1f}{ratio}"
            bars.append(Bar(one.name, one.rate, label, COLOURS[one.name]))
        title = "events a second from POST to Commerce"
        sections.append(
            Section(f"Commerce answers after {milliseconds} ms: {title}", [("", bars)])
        )
    title = f"The whole path, {results.conditions}; of the bound in brackets"
    return chart(title, sections)
