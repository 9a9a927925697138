"""The figures as a table with their targets, and as a picture."""

from dataclasses import dataclass

from bench.chart import Bar, Section, chart
from bench.measure import Figures

Results = dict[str, list[Figures]]
# One for each contestant; distinct in grey too.
COLOURS = ("#bbbbbb", "#2b6cb0", "#e39b3a")


@dataclass(frozen=True)
class Target:
    """One promise: a measured ratio and its bound.

    Attributes:
        name: of the ratio.
        is_maximum: the ratio may be at most the bound, else at least.
    """

    contest: str
    name: str
    ratio: float
    bound: float
    is_maximum: bool

    @property
    def met(self) -> bool:
        """Whether the promise is kept."""
        if self.is_maximum:
            return self.ratio <= self.bound
        return self.ratio >= self.bound


def targets(results: Results) -> list[Target]:
    """Every promise with what was measured."""
    targets = []
    if figures := results.get("ingest"):
        bare, ours, tutorial = figures
        for connections in bare.rate:
            rate = ours.rate_ratio[connections]
            to_tutorial = ours.rate[connections] / tutorial.rate[connections]
            level = f"at {connections}"
            targets += [
                Target("ingest", f"rate to bare {level}", rate, 0.8, False),
                Target("ingest", f"rate to tutorial {level}", to_tutorial, 5, False),
            ]
        p99 = ours.p99_ratio[16]
        targets.append(Target("ingest", "p99 to bare at 16", p99, 1.5, True))
        targets += _start_and_memory("ingest", bare, ours, 1.15)
    if figures := results.get("batch"):
        _, many_skus, few_skus = figures
        # At more connections, requests to Pub/Sub are the limit, one for each SKU.
        for ours, connections in ((many_skus, 1), (few_skus, 1), (few_skus, 16)):
            name = f"events/s to single posts at {connections} ({ours.name})"
            rate = ours.rate_ratio[connections]
            targets.append(Target("batch", name, rate, 3, False))
    if figures := results.get("receiver"):
        rate = figures[1].rate_ratio[16]
        targets.append(Target("receiver", "rate to bare at 16", rate, 0.7, False))
    if figures := results.get("consumer"):
        bare, memory, sqlite = figures
        for connections in bare.rate:
            for ours, bound in ((memory, 0.6), (sqlite, 0.45)):
                name = f"rate to bare at {connections} ({ours.name})"
                rate = ours.rate_ratio[connections]
                targets.append(Target("consumer", name, rate, bound, False))
        targets += _start_and_memory("consumer", bare, sqlite, 1.5)
    return targets


def _start_and_memory(
    contest: str, bare: Figures, ours: Figures, cold_bound: float
) -> list[Target]:
    targets = []
    if bare.cold_ms:
        ratio = ours.cold_ms / bare.cold_ms
        targets.append(Target(contest, "cold start to bare", ratio, cold_bound, True))
    if bare.memory_mb:
        ratio = ours.memory_mb / bare.memory_mb
        growth = (ours.memory_mb + ours.growth_mb) / ours.memory_mb
        targets += [
            Target(contest, "memory to bare", ratio, 1.25, True),
            Target(contest, "memory after twice as many", growth, 1.02, True),
        ]
    return targets


def missed(results: Results) -> list[Target]:
    """The promises that are not kept."""
    return [target for target in targets(results) if not target.met]


def table(results: Results, conditions: str) -> str:
    """Everything, for a terminal and for Markdown alike."""
    lines = [conditions]
    for contest, figures in results.items():
        levels = " / ".join(map(str, figures[0].rate))
        lines += [
            "",
            f"| {contest} | events/s at {levels} | of bare | p99 ms | of bare"
            " | cold start ms | memory MB, growth |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in figures:
            lines.append(
                f"| {one.name} | {_cell(one.rate, '{:.0f}')} | {_cell(one.rate_ratio)}"
                f" | {_cell(one.p99, '{:.1f}')} | {_cell(one.p99_ratio)} |"
                f" {one.cold_ms:.0f} | {one.memory_mb:.0f}, {one.growth_mb:+.1f} |"
            )
    return "\n".join(lines) + "\n\n" + promises(targets(results))


def promises(of: list[Target]) -> str:
    """What was promised beside what was measured, as a table."""
    lines = ["| promise | measured | bound | |", "|---|---|---|---|"]
    for target in of:
        bound = f"{'≤' if target.is_maximum else '≥'} {target.bound:g}"
        verdict = "met" if target.met else "MISSED"
        lines.append(
            f"| {target.contest}: {target.name} | {target.ratio:.2f} | {bound} |"
            f" {verdict} |"
        )
    return "\n".join(lines) + "\n"


def _cell(values: dict[int, float], form: str = "{:.2f}") -> str:
    return " / ".join(form.format(value) for value in values.values())


def picture(results: Results, conditions: str) -> str:
    """Requests a second as bars, a group for each number of connections."""
    sections = []
    for contest, figures in results.items():
        groups = []
        for connections in figures[0].rate:
            unit = "connection" if connections == 1 else "connections"
            bars = []
            for one, colour in zip(figures, COLOURS, strict=True):
                rate, ratio = one.rate[connections], one.rate_ratio[connections]
                label = f"{rate:.0f}"
                if one is not figures[0]:
                    label += f"  ({ratio:.2f})"
                bars.append(Bar(one.name, rate, label, colour))
            groups.append((f"{connections} {unit}", bars))
        title = f"{contest}: requests a second on one core"
        sections.append(Section(title, groups))
    title = f"Our functions beside bare ones, {conditions}; ratios in brackets"
    return chart(title, sections)
