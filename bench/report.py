"""What was measured, as a table with its targets, and as a picture."""

from dataclasses import dataclass
from html import escape

from bench.measure import Figures

Results = dict[str, list[Figures]]
# Colour of each way, so that they can be told apart in grey too.
COLOURS = ("#bbbbbb", "#2b6cb0", "#e39b3a")


@dataclass(frozen=True)
class Target:
    """One promise: a ratio and its bound.

    Attributes:
        most: the ratio may be at most the bound, else at least.
    """

    contest: str
    what: str
    ratio: float
    bound: float
    most: bool

    @property
    def met(self) -> bool:
        return self.ratio <= self.bound if self.most else self.ratio >= self.bound


def targets(results: Results) -> list[Target]:
    """Every promise with what was measured."""
    found = []
    if told := results.get("ingest"):
        bare, ours, tutorial = told
        for connections, bound in ((1, 0.8), (16, 0.85), (64, 0.85)):
            rate = ours.rate_ratio[connections]
            times = ours.rate[connections] / tutorial.rate[connections]
            p99 = ours.p99_ratio[connections]
            at = f"at {connections}"
            found += [
                Target("ingest", f"rate to bare {at}", rate, bound, False),
                Target("ingest", f"rate to tutorial {at}", times, 5, False),
                Target("ingest", f"p99 to bare {at}", p99, 1.5, True),
            ]
        found += _lasting("ingest", bare, ours, 1.25)
    if told := results.get("consumer"):
        bare, memory, sqlite = told
        for connections in bare.rate:
            for ours, bound in ((memory, 0.6), (sqlite, 0.45)):
                what = f"rate to bare at {connections} ({ours.name})"
                rate = ours.rate_ratio[connections]
                found.append(Target("consumer", what, rate, bound, False))
        found += _lasting("consumer", bare, sqlite, 1.5)
    return found


def _lasting(contest: str, bare: Figures, ours: Figures, cold: float) -> list[Target]:
    found = []
    if bare.cold_ms:
        ratio = ours.cold_ms / bare.cold_ms
        found.append(Target(contest, "cold start to bare", ratio, cold, True))
    if bare.memory_mb:
        ratio = ours.memory_mb / bare.memory_mb
        grown = (ours.memory_mb + ours.growth_mb) / ours.memory_mb
        found += [
            Target(contest, "memory to bare", ratio, 1.25, True),
            Target(contest, "memory after twice as many", grown, 1.02, True),
        ]
    return found


def missed(results: Results) -> list[Target]:
    """The promises that do not hold."""
    return [target for target in targets(results) if not target.met]


def table(results: Results, where: str) -> str:
    """Everything, for a terminal and for Markdown alike."""
    lines = [where]
    for contest, told in results.items():
        levels = list(told[0].rate)
        shown = " / ".join(map(str, levels))
        lines += [
            "",
            f"| {contest} | requests/s at {shown} | of bare | p99 ms | of bare"
            " | cold start ms | memory MB, growth |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in told:
            lines.append(
                f"| {one.name} | {_row(one.rate, '{:.0f}')} | {_row(one.rate_ratio)} |"
                f" {_row(one.p99, '{:.1f}')} | {_row(one.p99_ratio)} |"
                f" {one.cold_ms:.0f} | {one.memory_mb:.0f}, {one.growth_mb:+.1f} |"
            )
    lines += ["", "| promise | measured | bound | |", "|---|---|---|---|"]
    for one in targets(results):
        bound = f"{'≤' if one.most else '≥'} {one.bound:g}"
        verdict = "met" if one.met else "MISSED"
        lines.append(
            f"| {one.contest}: {one.what} | {one.ratio:.2f} | {bound} | {verdict} |"
        )
    return "\n".join(lines) + "\n"


def _row(values: dict[int, float], form: str = "{:.2f}") -> str:
    return " / ".join(form.format(value) for value in values.values())


WIDTH, BAR, GAP, LEFT, RIGHT = 720, 16, 10, 190, 90


def picture(results: Results, behind: str) -> str:
    """Requests a second as bars, a group for each number of connections."""
    parts, y = [], 34
    for contest, told in results.items():
        widest = max(rate for one in told for rate in one.rate.values())
        parts.append(
            _text(10, y, f"{contest}: requests a second on one core", bold=True)
        )
        y += 12
        for connections in told[0].rate:
            unit = "connection" if connections == 1 else "connections"
            parts.append(_text(10, y + BAR - 4, f"{connections} {unit}"))
            for one, colour in zip(told, COLOURS, strict=True):
                rate, ratio = one.rate[connections], one.rate_ratio[connections]
                long = (WIDTH - LEFT - RIGHT) * rate / widest
                parts.append(
                    f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR - 2}"'
                    f' fill="{colour}"/>'
                )
                parts.append(_text(LEFT - 8, y + BAR - 4, one.name, end=True))
                label = f"{rate:.0f}" + ("" if one is told[0] else f"  ({ratio:.2f})")
                parts.append(_text(LEFT + long + 6, y + BAR - 4, label))
                y += BAR
            y += GAP
        y += 24
    title = f"Our functions beside bare ones, {behind} behind; ratios in brackets"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}"'
        f' width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
    )
    return "\n".join([head, _text(10, 16, title), *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, bold: bool = False, end: bool = False) -> str:
    more = ' font-weight="bold"' if bold else ""
    more += ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y}"{more}>{escape(text)}</text>'
