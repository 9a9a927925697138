"""What is dangerous in a kit as it is."""

import re
from collections.abc import Iterator
from typing import Any

from cli.kit.checkout import Action, Checkout, without_comments
from cli.kit.findings import Finding

SECRET_NAME = re.compile(r"(SECRET|TOKEN|PASSWORD|PRIVATE_KEY|API_KEY|CONSUMER_KEY)S?$")
SECRET_IN_CODE = re.compile(
    r"(?:secret|token|password|api_?key)\w*['\"]?\s*[:=]\s*"
    r"['\"](?!(?-i:[A-Z_]+)['\"])([^'\"$\s]{12,})['\"]",  # no name of a variable
    re.I,
)
REJECTS = re.compile(r"\bfalse\b|\bthrow\b|\bif\s*\(")
REQUIRED_DESCRIPTION = re.compile(r"required\w*\W[^;]*['\"]description['\"]", re.I)


def check_dangers(checkout: Checkout) -> Iterator[Finding]:
    """Look for open webhooks, secrets in files, and a demand of descriptions."""
    actions = checkout.actions()
    yield from _open_webhooks(checkout, actions)
    yield from _secrets(checkout, actions)
    yield from _descriptions(checkout)


def _open_webhooks(checkout: Checkout, actions: list[Action]) -> Iterator[Finding]:
    for action in actions:
        if not _is_open(action.definition):
            continue
        folder = action.file.rpartition("/")[0]
        function = str(action.definition["function"])
        source = (checkout.root / folder / function).parent / "auth.js"
        if source.is_file() and REJECTS.search(without_comments(source.read_text())):
            detail = "It authenticates by code of your own: see docs/ingest.md"
            yield Finding("security", "work", f"{action.file}: {action.name}", detail)
            continue
        detail = (
            "Anyone who knows its address may call it (require-adobe-auth is not true)."
            " Here set INGEST_AUTH to token, hmac or oidc"
        )
        yield Finding("security", "danger", f"{action.file}: {action.name}", detail)


def _is_open(definition: dict[str, Any]) -> bool:
    annotations = definition.get("annotations")
    annotations = annotations if isinstance(annotations, dict) else {}
    is_web = str(definition.get("web", "no")).lower() in ("yes", "true", "raw")
    return is_web and annotations.get("require-adobe-auth") is not True


def _secrets(checkout: Checkout, actions: list[Action]) -> Iterator[Finding]:
    ignored = checkout.root / ".gitignore"
    lines = ignored.read_text().split() if ignored.is_file() else []
    has_env = (checkout.root / ".env").is_file()
    if has_env and {".env", "/.env", ".env*", "*.env"}.isdisjoint(lines):
        detail = "git does not ignore it: add it to .gitignore, and replace its secrets"
        yield Finding("security", "danger", ".env", detail)
    for action in actions:
        inputs = action.definition.get("inputs")
        for name, value in inputs.items() if isinstance(inputs, dict) else ():
            if SECRET_NAME.search(str(name)) and not str(value).startswith("$"):
                detail = f"The value of {name} is in the file: replace the secret"
                yield Finding(
                    "security", "danger", f"{action.file}: {action.name}", detail
                )
    for folder in (checkout.actions_folder, "scripts"):
        for path, text in checkout.files(folder, "*.js"):
            code = without_comments(text)
            for match in SECRET_IN_CODE.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                detail = f"Line {line} seems to hold a secret: replace it"
                yield Finding("security", "danger", path, detail)


def _descriptions(checkout: Checkout) -> Iterator[Finding]:
    folder = f"{checkout.actions_folder}/product"
    paths = [
        path
        for path, schema in checkout.documents(folder, "schema.json")
        if isinstance(schema, dict) and "description" in (schema.get("required") or [])
    ]
    paths += [
        path
        for path, text in checkout.files(folder, "validator.js")
        if REQUIRED_DESCRIPTION.search(without_comments(text))
    ]
    for path in paths:
        if "/commerce/" in path:
            detail = (
                "A product without description never reaches the third party; here it"
                " does: check that the third party accepts it"
            )
        else:
            detail = (
                "A product without description is rejected, here too: let the third"
                ' party send "description": ""'
            )
        yield Finding("security", "danger", path, detail)
