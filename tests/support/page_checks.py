"""What can be measured in an open page: contrasts, sizes of targets, widths."""

from typing import Any

from selenium import webdriver

Finding = tuple[float, str]

# WCAG 2.2's formula; colours as computed.
_COLOURS = """
const part = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const colour = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const ground = colour(getComputedStyle(e).backgroundColor);
    if (ground.length < 4 || ground[3] === 1) return ground;
  }
  return [255, 255, 255];
};
const contrast = (one, other) => {
  const pair = [light(colour(one)), light(other)].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
};
const visible = (selector) =>
  [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
const name = (e) => (e.innerText || e.placeholder || e.id || e.outerHTML).slice(0, 80);
const least = (pairs) => pairs.sort((a, b) => a[0] - b[0]).slice(0, 3);
"""
_TEXTS = """
return least(visible("body *").filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => [contrast(getComputedStyle(e).color, behind(e)), name(e)]));
"""
_PLACEHOLDERS = """
return least(visible("[placeholder]").map((e) => {
  const style = getComputedStyle(e, "::placeholder");
  return [style.opacity === "1" ? contrast(style.color, behind(e)) : 0, name(e)];
}));
"""
_EDGES = """
return least(visible("input:not([type=checkbox]), select, textarea").flatMap((e) =>
  [behind(e), behind(e.parentElement)].map((ground) =>
    [contrast(getComputedStyle(e).borderTopColor, ground), name(e)])));
"""
# A link within a sentence may be as high as its line.
_TARGETS = """
const inSentence = (e) => e.tagName === "A" && [...e.parentElement.childNodes].some(
  (n) => n.nodeType === 3 && n.data.trim().length > 1);
return least(visible("a, button, input, select, textarea, summary")
  .filter((e) => !e.matches(".skip") && !inSentence(e)).map((e) => {
    const box = e.getBoundingClientRect();
    return [Math.round(10 * Math.min(box.width, box.height)) / 10, name(e)];
  }));
"""


def text_contrasts(driver: webdriver.Chrome) -> list[Finding]:
    """Contrasts of visible texts, the lowest first; at most three."""
    return _run(driver, _TEXTS)


def placeholder_contrasts(driver: webdriver.Chrome) -> list[Finding]:
    """Contrasts of placeholders, the lowest first; at most three."""
    return _run(driver, _PLACEHOLDERS)


def edge_contrasts(driver: webdriver.Chrome) -> list[Finding]:
    """Contrasts of inputs' borders to both sides, the lowest first; at most three."""
    return _run(driver, _EDGES)


def target_sizes(driver: webdriver.Chrome) -> list[Finding]:
    """CSS pixels of what can be pressed, the smallest first; at most three."""
    return _run(driver, _TARGETS)


def _run(driver: webdriver.Chrome, script: str) -> Any:
    return [tuple(one) for one in driver.execute_script(_COLOURS + script)]
