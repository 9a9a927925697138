"""The code's conventions: imports, names, docstrings, sizes, tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("functions", "cli", "local", "tests")
OWN_PACKAGES = (*CODE, "bench", "tools")
MAX_MODULE_LINES = 400
MAX_TEST_NAME_LENGTH = 60

# Which other packages of the project a package may import. More specific entries win.
ALLOWED_IMPORTS = {
    "functions/events": set(),
    "functions/pubsub": {"functions.events"},
    "functions/web": set(),
    "functions/http_client": set(),
    "functions/commerce": {"functions.events", "functions.http_client"},
    "functions/target": {"functions.events", "functions.http_client"},
    "functions/ledger": set(),
    "functions/handlers": {
        "functions.commerce",
        "functions.target",
        "functions.events",
    },
    "functions/ingest": {
        "functions.events",
        "functions.pubsub",
        "functions.ledger",
        "functions.web",
    },
    "functions/commerce_events": {
        "functions.events",
        "functions.pubsub",
        "functions.web",
    },
    "functions/consumer": {
        "functions.events",
        "functions.pubsub",
        "functions.ledger",
        "functions.commerce",
        "functions.target",
        "functions.handlers",
    },
    # The commands work without the local stack.
    "cli": {"functions"},
    # Both run alone, also for other projects.
    "local/broker": set(),
    "local/commerce": {"local.web", "local.own_requests"},
    "local": {"functions", "cli"},
}
# Modules of functions/ that every package may import.
COMMON_MODULES = {
    "functions.errors",
    "functions.log",
    "functions.timestamps",
    "functions.settings",
    "functions.standard_webhooks",
    "functions.tracing",
}

# Identifiers with a standard term, and that term.
REPLACED_CLASSES = {
    "Shop": "CommerceClient",
    "Work": "DeliveryContext",
    "LedgerWork": "LeasedDelivery",
    "Direct": "DirectCall",
    "Calls": "CommerceSession",
    "Answer": "HttpResponse or ConsumerResult",
    "NotStored": "PublishFailed",
    "Refused": "InvalidEvent",
    "Busy": "InFlight",
    "Answered": "AlreadyProcessed",
    "Claimed": "Leased",
    "About": "Logger.bind",
}
REPLACED_NAMES = {
    "told": "what the value is, for example response",
    "said": "what the value is, for example message",
    "by": "what the function does",
    "place": "location",
    "places": "locations",
    "about": "context",
    "found": "what was found, for example records",
    "made": "what was made",
    "exchange": "session",
    "settle": "complete",
    "claim": "acquire",
    "HARMLESS": "PROBE_ROUTE",
    "PLACE": "PATH_PARAMETER",
    "is_odd": "needs_encoding",
    "TALKATIVE": "NOISY_LOGGERS",
}
# Replaced wherever they are a part of an identifier or of a file's name.
REPLACED_WORDS = {
    "unsure": "outcome_unknown",
    "fingerprint": "content_hash",
    "thing": "resource",
    "things": "resources",
    "happening": "idempotent",
    "shop": "commerce",
    "letter": "dead_letter",
    "letters": "dead_letters",
    "refuse": "reject",
    "refused": "rejected",
    "nobody": "none",
    "whoever": "the caller",
}
# These words are allowed after another: dead_letter, connection_refused.
ALLOWED_AFTER = {"letter": "dead", "letters": "dead", "refused": "connection"}


@cache
def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def modules(*folders: str) -> list[Path]:
    """The Python files in *folders*."""
    return [path for folder in folders for path in _files(folder)]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Every node of the file's syntax tree."""
    return list(ast.walk(parsed(path)))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def own_imports(path: Path) -> set[str]:
    """The project's own modules and attributes that *path* imports."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in OWN_PACKAGES}


def identifiers(path: Path) -> Iterator[tuple[str, int]]:
    """The names that *path* defines, with their lines; its own name on line 0."""
    yield path.stem, 0
    for node in nodes(path):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, node.lineno
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name, node.lineno


def replacement(name: str) -> str | None:
    """What *name* is to be called instead; None when it may stay."""
    if name in REPLACED_CLASSES:
        return REPLACED_CLASSES[name]
    if name in REPLACED_NAMES:
        return REPLACED_NAMES[name]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = spaced.lower().strip("_").split("_")
    for before, word in zip(["", *words], words, strict=False):
        if word in REPLACED_WORDS and before != ALLOWED_AFTER.get(word):
            return REPLACED_WORDS[word]
    return None


def undocumented(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """The public functions and classes in *body* without a docstring."""
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{prefix}{node.name}"


def suite():
    """Every test of the suite, as file and function."""
    for path in modules("tests"):
        if path.name.startswith("test_"):
            for node in nodes(path):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    if node.name.startswith("test_"):
                        yield path, node


@pytest.mark.parametrize("package", sorted(ALLOWED_IMPORTS))
def test_imports_point_one_way(package):
    own = package.replace("/", ".")
    allowed = ALLOWED_IMPORTS[package] | COMMON_MODULES | {own}
    files = modules(package)

    assert files
    assert {
        f"{name_of(path)} imports {name}"
        for path in files
        for name in own_imports(path)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    } == set()


@pytest.mark.parametrize(
    "library", ["flask", "functions_framework", "google.cloud", "os"]
)
def test_handlers_do_not_import_the_platform(library):
    for path in modules("functions/handlers"):
        for node in nodes(path):
            if isinstance(node, ast.Import):
                assert library not in {alias.name for alias in node.names}, path
            elif isinstance(node, ast.ImportFrom):
                assert node.module != library, path


def test_tests_import_no_tests_and_no_bench():
    assert {
        f"{name_of(path)} imports {name}"
        for path in modules("tests")
        for name in own_imports(path)
        if (name.startswith("bench.") and "bench" not in path.parts)
        or re.search(r"^tests\.(\w+\.)*test_\w+\.", name)
    } == set()


def test_modules_are_short():
    lengths = {
        name_of(path): len(path.read_text().splitlines())
        for path in modules(*OWN_PACKAGES)
    }

    assert {
        name: length for name, length in lengths.items() if length > MAX_MODULE_LINES
    } == {}


def test_test_names_are_short():
    assert {
        f"{name_of(path)}::{node.name}"
        for path, node in suite()
        if len(node.name) > MAX_TEST_NAME_LENGTH
    } == set()


def test_modules_have_docstrings():
    assert [
        name_of(path)
        for path in modules("functions", "local", "cli", "bench", "tools")
        if not ast.get_docstring(parsed(path))
    ] == []


@pytest.mark.parametrize("package", ["functions", "cli", "local"])
def test_public_functions_have_docstrings(package):
    assert {
        f"{name_of(path)}: {name}"
        for path in modules(package)
        for name in undocumented(parsed(path).body)
    } == set()


@pytest.mark.parametrize("package", CODE)
def test_replaced_identifiers_do_not_occur(package):
    assert (
        sorted(
            f"{name_of(path)}:{line}: {name} → {instead}"
            for path in modules(package)
            for name, line in set(identifiers(path))
            if (instead := replacement(name)) is not None
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("told", REPLACED_NAMES["told"]),
        ("Refused", "InvalidEvent"),
        ("unsure_since", "outcome_unknown"),
        ("mark_things", "resources"),
        ("ShopFixture", "commerce"),
        ("dead_letters", None),
        ("DeadLetterTopic", None),
        ("founder", None),
    ],
)
def test_replaced_identifiers_are_recognised(name, expected):
    assert replacement(name) == expected
