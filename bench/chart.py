"""Bars in groups, as an SVG picture."""

from dataclasses import dataclass
from html import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 720, 16, 10, 190, 90


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: at its end.
    """

    name: str
    value: float
    label: str
    colour: str


@dataclass(frozen=True)
class Section:
    """Bars of one scale.

    Attributes:
        groups: label and bars of each.
    """

    title: str
    groups: list[tuple[str, list[Bar]]]


def chart(title: str, sections: list[Section]) -> str:
    """The SVG document."""
    parts, y = [], 34
    for section in sections:
        highest = max(bar.value for _, bars in section.groups for bar in bars)
        parts.append(_text(10, y, section.title, bold=True))
        y += 12
        for label, bars in section.groups:
            parts.append(_text(10, y + BAR - 4, label))
            for bar in bars:
                length = (WIDTH - LEFT - RIGHT) * bar.value / highest
                parts.append(
                    f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}"'
                    f' fill="{bar.colour}"/>'
                )
                parts.append(_text(LEFT - 8, y + BAR - 4, bar.name, end=True))
                parts.append(_text(LEFT + length + 6, y + BAR - 4, bar.label))
                y += BAR
            y += GAP
        y += 24
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}"'
        f' width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
    )
    return "\n".join([head, _text(10, 16, title), *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, bold: bool = False, end: bool = False) -> str:
    attributes = ' font-weight="bold"' if bold else ""
    attributes += ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y}"{attributes}>{escape(text)}</text>'
