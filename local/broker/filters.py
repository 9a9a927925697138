"""Subscriptions' filters: which messages, by their attributes, it is to get.

The language: https://cloud.google.com/pubsub/docs/subscription-message-filter
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from local.broker.errors import invalid

FILTER_BYTES = 256
DEPTH = 50  # of parentheses and negations

Attributes = Mapping[str, str]
Test = Callable[[Attributes], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_][A-Za-z0-9_\-]*)"""
    r"""|(?P<sign>!=|[=:.,()\-]))"""
)


def check_filter(text: str) -> None:
    """Raise INVALID_ARGUMENT for what is no filter."""
    if len(text.encode()) > FILTER_BYTES:
        raise invalid(f"A filter has at most {FILTER_BYTES} bytes.")
    if text:
        _compiled(text)


def matches(text: str, attributes: Attributes) -> bool:
    """Whether a message with *attributes* passes the filter *text*."""
    return _compiled(text)(attributes)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Test:
    parser = _Parser(text)
    test = parser.expression()
    parser.expect("")
    return test


class _Parser:
    """Reads a filter from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._advance()

    def expression(self) -> Test:
        """Terms joined by AND, or by OR; both only with parentheses."""
        tests = [self._term()]
        joint = self._next
        if joint not in ("AND", "OR"):
            return tests[0]
        while self._next == joint:
            self._advance()
            tests.append(self._term())
        every = all if joint == "AND" else any
        return lambda attributes: every(test(attributes) for test in tests)

    def expect(self, token: str) -> None:
        """Pass *token*; "" is the end."""
        if self._next != token or (token and self._kind == "text"):
            raise self._error()
        self._advance()

    def _term(self) -> Test:
        self._depth += 1
        if self._depth > DEPTH:
            raise self._error()
        try:
            if self._next in ("NOT", "-"):
                self._advance()
                test = self._term()
                return lambda attributes: not test(attributes)
            if self._next == "(":
                self._advance()
                test = self.expression()
                self.expect(")")
                return test
            if self._next == "hasPrefix":
                return self._prefix()
            return self._comparison()
        finally:
            self._depth -= 1

    def _prefix(self) -> Test:
        self._advance()
        self.expect("(")
        self.expect("attributes")
        self.expect(".")
        key = self._name()
        self.expect(",")
        start = self._value()
        self.expect(")")
        return lambda attributes: (
            key in attributes and attributes[key].startswith(start)
        )

    def _comparison(self) -> Test:
        self.expect("attributes")
        if self._next == ":":
            self._advance()
            key = self._name()
            return lambda attributes: key in attributes
        self.expect(".")
        key = self._name()
        sign = self._next
        if sign not in ("=", "!="):
            raise self._error()
        self._advance()
        value = self._value()
        if sign == "=":
            return lambda attributes: key in attributes and attributes[key] == value
        return lambda attributes: key not in attributes or attributes[key] != value

    def _name(self) -> str:
        if self._kind == "word":
            name = self._next
            self._advance()
            return name
        return self._value()

    def _value(self) -> str:
        if self._kind != "text":
            raise self._error()
        value = re.sub(r"\\(.)", r"\1", self._next[1:-1])
        self._advance()
        return value

    def _advance(self) -> None:
        rest = self._text[self._at :]
        if not rest.strip():
            self._kind, self._next = "end", ""
            return
        found = _TOKEN.match(rest)
        if found is None:
            raise self._error()
        self._kind, self._next = found.lastgroup, found[found.lastgroup]
        self._at += found.end()

    def _error(self) -> Exception:
        return invalid(f"The filter is not understood near character {self._at}.")
