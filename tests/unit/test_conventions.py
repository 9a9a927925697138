"""The code's conventions: imports, names, docstrings, sizes, tests."""

import ast
import re
from dataclasses import dataclass, field
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


VISITED = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Name,
    ast.Attribute,
    ast.arg,
)


@dataclass
class Module:
    """What the conventions look at in a Python file; its syntax tree would be large.

    Attributes:
        name: its path from the root.
        imports: the project's own modules and attributes that it imports.
        from_modules: every module that it imports, or imports from.
        identifiers: the names that it defines, with their lines; its own on line 0.
        undocumented: its public functions and classes without a docstring.
        tests: names of its test functions.
    """

    path: Path
    name: str
    lines: int
    has_docstring: bool
    undocumented: list[str]
    imports: set[str] = field(default_factory=set)
    from_modules: set[str] = field(default_factory=set)
    identifiers: set[tuple[str, int]] = field(default_factory=set)
    tests: list[str] = field(default_factory=list)


@cache
def _module(path: Path) -> Module:
    text = path.read_text()
    tree = ast.parse(text)
    module = Module(
        path=path,
        name=str(path.relative_to(ROOT)),
        lines=len(text.splitlines()),
        has_docstring=ast.get_docstring(tree) is not None,
        undocumented=[
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ],
    )
    module.identifiers.add((path.stem, 0))
    for node in _nodes(tree):
        if isinstance(node, VISITED):
            _visit(node, module)
    module.imports = {
        name for name in module.imports if name.split(".")[0] in OWN_PACKAGES
    }
    return module


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """Every node but the contexts of names, in half of the time of ``ast.walk``."""
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        for child in vars(node).values():
            if isinstance(child, list):
                nodes += [each for each in child if isinstance(each, ast.AST)]
            elif isinstance(child, ast.AST) and not isinstance(child, ast.expr_context):
                nodes.append(child)
    return nodes


def _visit(node: ast.AST, module: Module) -> None:
    match node:
        case ast.Name() | ast.Attribute():
            if isinstance(node.ctx, ast.Store):
                name = node.id if isinstance(node, ast.Name) else node.attr
                module.identifiers.add((name, node.lineno))
        case ast.Import(names=aliases):
            module.imports |= {alias.name for alias in aliases}
            module.from_modules |= {alias.name for alias in aliases}
        case ast.ImportFrom(module=str(name), names=aliases):
            module.imports |= {f"{name}.{alias.name}" for alias in aliases}
            module.from_modules.add(name)
        case ast.ClassDef(name=name) | ast.arg(arg=name):
            module.identifiers.add((name, node.lineno))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            module.identifiers.add((name, node.lineno))
            if name.startswith("test_"):
                module.tests.append(name)


@cache
def modules(*folders: str) -> list[Module]:
    """The Python files in *folders*."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert paths
    return [_module(path) for path in sorted(paths)]


@cache
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


@pytest.mark.parametrize("package", sorted(ALLOWED_IMPORTS))
def test_imports_point_one_way(package):
    own = package.replace("/", ".")
    allowed = ALLOWED_IMPORTS[package] | COMMON_MODULES | {own}

    assert {
        f"{module.name} imports {name}"
        for module in modules(package)
        for name in module.imports
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    } == set()


def test_handlers_do_not_import_the_platform(subtests):
    for library in ["flask", "functions_framework", "google.cloud", "os"]:
        with subtests.test(library=library):
            assert [
                module.name
                for module in modules("functions/handlers")
                if library in module.from_modules
            ] == []


def test_tests_import_no_tests_and_no_bench():
    assert {
        f"{module.name} imports {name}"
        for module in modules("tests")
        for name in module.imports
        if (name.startswith("bench.") and "bench" not in module.path.parts)
        or re.search(r"^tests\.(\w+\.)*test_\w+\.", name)
    } == set()


def test_modules_are_short():
    assert {
        module.name: module.lines
        for module in modules(*OWN_PACKAGES)
        if module.lines > MAX_MODULE_LINES
    } == {}


def test_test_names_are_short():
    assert {
        f"{module.name}::{name}"
        for module in modules("tests")
        for name in module.tests
        if len(name) > MAX_TEST_NAME_LENGTH
    } == set()


def test_modules_have_docstrings():
    assert [
        module.name
        for module in modules("functions", "local", "cli", "bench", "tools")
        if not module.has_docstring
    ] == []


@pytest.mark.parametrize("package", ["functions", "cli", "local"])
def test_public_functions_have_docstrings(package):
    assert {
        f"{module.name}: {name}"
        for module in modules(package)
        for name in module.undocumented
    } == set()


@pytest.mark.parametrize("package", CODE)
def test_replaced_identifiers_do_not_occur(package):
    assert (
        sorted(
            f"{module.name}:{line}: {name} → {instead}"
            for module in modules(package)
            for name, line in module.identifiers
            if (instead := replacement(name)) is not None
        )
        == []
    )


def test_replaced_identifiers_are_recognised(subtests):
    for name, expected in [
        ("told", REPLACED_NAMES["told"]),
        ("Refused", "InvalidEvent"),
        ("unsure_since", "outcome_unknown"),
        ("mark_things", "resources"),
        ("ShopFixture", "commerce"),
        ("dead_letters", None),
        ("DeadLetterTopic", None),
        ("founder", None),
    ]:
        with subtests.test(name=name):
            assert replacement(name) == expected
