"""``check-kit`` reports settings, events, code and dangers of a kit's checkout."""

import json

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from cli.kit.settings import kit_note
from tests.support import kit_checkout
from tests.support.kit_checkout import ENV, EVENTS, HOOK, WEBHOOK, checkout

CREATED = "actions/product/external/created/"
INGESTION = "actions/ingestion/"


def check(folder, **changes: str):
    """Exit status, and the findings by subject and name."""
    path = checkout(folder, **changes)
    result = CliRunner().invoke(main, ["check-kit", str(path), "--json"])
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    assert "of-the-kit" not in result.output  # no value of a setting
    return result.exit_code, {(f["subject"], f["name"]): f for f in findings}


def only_problem(folder, **changes: str):
    """The one finding that needs work: subject, verdict, name and detail."""
    status, findings = check(folder, **changes)
    [problem] = [f for f in findings.values() if f["verdict"] in ("work", "danger")]
    assert status == 1
    return tuple(problem[key] for key in ("subject", "verdict", "name", "detail"))


def test_a_kit_without_changes_needs_no_work(tmp_path):
    status, findings = check(tmp_path)

    assert status == 0
    verdicts = {name: f["verdict"] for (_, name), f in findings.items()}
    assert verdicts["COMMERCE_CONSUMER_KEY"] == verdicts["OAUTH_ORG_ID"] == "ok"
    assert verdicts["be-observer.catalog_product_create"] == "ok"
    assert (
        verdicts["com.adobe.commerce.observer.catalog_product_save_commit_after"]
        == "ok"
    )
    assert "be-observer.old_event" not in verdicts
    detail = findings["settings", "IO_PROJECT_ID"]["detail"]
    assert "It is obsolete" in detail


@pytest.mark.parametrize(
    ("env", "name"),
    [
        pytest.param("", ".env", id="empty"),
        pytest.param(
            ENV.replace("COMMERCE_BASE_URL=https://store.example/rest/", ""),
            "COMMERCE_BASE_URL",
            id="no address",
        ),
        pytest.param(
            ENV.replace("COMMERCE_CONSUMER_SECRET=secret-of-the-kit", ""),
            "COMMERCE_CONSUMER_KEY",
            id="incomplete",
        ),
        pytest.param(
            ENV.replace("/rest/", "/rest/V1"), "COMMERCE_BASE_URL", id="wrong address"
        ),
    ],
)
def test_a_missing_or_wrong_setting_needs_work(tmp_path, env, name):
    subject, verdict, reported, _ = only_problem(tmp_path, **{".env": env})

    assert (subject, verdict, reported) == ("settings", "work", name)


def test_a_setting_of_their_own_is_noted(tmp_path):
    _, findings = check(tmp_path, **{".env": ENV + "ERP_URL=https://erp.example\n"})

    assert findings["settings", "ERP_URL"]["verdict"] == "note"


@pytest.mark.parametrize(
    ("group", "name", "command"),
    [
        ("backoffice", "be-observer.price_update", "--event be-observer.price_update"),
        (
            "commerce",
            "com.adobe.commerce.acme.observer.sales_invoice_save_commit_after",
            "--direction outbound --source observer.sales_invoice_save_commit_after",
        ),
        ("backoffice", "erp.price", "neither"),
    ],
)
def test_an_event_beyond_the_kits_own_needs_work(tmp_path, group, name, command):
    events = json.loads(json.dumps(EVENTS))
    events["product"][group][name] = {}
    changes = {"scripts/onboarding/config/events.json": json.dumps(events)}

    subject, _, reported, detail = only_problem(tmp_path, **changes)

    assert (subject, reported) == ("events", name)
    assert command in detail


def test_an_event_of_a_consumer_needs_work(tmp_path):
    code = kit_checkout.CONSUMER.replace("catalog_product_create", "price_update")
    changes = {"actions/product/external/consumer/index.js": code}

    _, _, reported, _ = only_problem(tmp_path, **changes)

    assert reported == "be-observer.price_update"


def test_a_broken_events_file_needs_work(tmp_path):
    path = "scripts/onboarding/config/events.json"

    assert only_problem(tmp_path, **{path: "{"})[2] == path


def test_code_in_a_hook_needs_work(tmp_path):
    code = HOOK.replace("// your code", "data.price = data.price * 1.19")

    subject, _, name, detail = only_problem(tmp_path, **{f"{CREATED}pre.js": code})

    assert (subject, name) == ("code", f"{CREATED}pre.js")
    assert "1 lines of code of your own: move them to the handler" in detail


def test_telemetry_in_a_hook_is_the_kits_own(tmp_path):
    status, _ = check(tmp_path, **{f"{CREATED}pre.js": kit_checkout.TELEMETRY_HOOK})

    assert status == 0


def test_a_kit_with_app_management_is_checked(tmp_path):
    folder = checkout(tmp_path)
    (folder / "scripts/onboarding/config/events.json").unlink()
    (folder / "src/commerce-extensibility-1").mkdir(parents=True)
    (folder / "actions").rename(folder / "src/commerce-extensibility-1/actions")
    (folder / "app.commerce.config.ts").write_text(kit_checkout.APP_MANAGEMENT)

    result = CliRunner().invoke(main, ["check-kit", str(folder), "--json"])

    findings = [json.loads(line) for line in result.stdout.splitlines()]
    events = {f["name"]: f["verdict"] for f in findings if f["subject"] == "events"}
    assert events == {
        "be-observer.catalog_product_create": "ok",
        "be-observer.price_update": "work",
        "observer.catalog_product_save_commit_after": "ok",
    }
    assert result.exit_code == 1


def test_missing_authentication_is_a_sentence(tmp_path):
    env = "COMMERCE_BASE_URL=https://store.example/rest/\n"

    _, _, name, detail = only_problem(tmp_path, **{".env": env})

    assert name == ".env"
    assert detail.startswith("No authentication is set: set either COMMERCE_CONSUMER")


def test_the_name_of_a_variable_is_no_secret(tmp_path):
    code = 'const labels = { getAccessToken: "GET_ACCESS_TOKEN" }'
    status, _ = check(tmp_path, **{"scripts/onboarding/index.js": code})

    assert status == 0


OPEN = WEBHOOK.replace("require-adobe-auth: true", "require-adobe-auth: false")
STUB = """function checkAuthentication (params) {
  // if (x) compare
  return { success: true }
}"""


def test_an_open_webhook_is_dangerous(tmp_path):
    subject, verdict, name, detail = only_problem(
        tmp_path,
        **{
            f"{INGESTION}actions.config.yaml": OPEN,
            f"{INGESTION}webhook/auth.js": STUB,
        },
    )

    assert (subject, verdict) == ("security", "danger")
    assert name == f"{INGESTION}actions.config.yaml: webhook"
    assert "set INGEST_AUTH" in detail


def test_authentication_of_their_own_needs_work(tmp_path):
    code = STUB.replace(
        "return", "if (!params.token) return { success: false }\n  return"
    )

    _, verdict, _, detail = only_problem(
        tmp_path,
        **{
            f"{INGESTION}actions.config.yaml": OPEN,
            f"{INGESTION}webhook/auth.js": code,
        },
    )

    assert (verdict, "code of your own" in detail) == ("work", True)


@pytest.mark.parametrize(
    ("path", "text", "detail"),
    [
        (".gitignore", "node_modules", "git does not ignore it"),
        (
            f"{INGESTION}actions.config.yaml",
            WEBHOOK.replace("$OAUTH_CLIENT_SECRET", "s3cret-of-the-kit"),
            "The value of OAUTH_CLIENT_SECRET is in the file",
        ),
        (
            f"{CREATED}sender.js",
            "// one\nconst apiKey = 'abcdef-of-the-kit'\n",
            "Line 2 seems to hold a secret",
        ),
    ],
    ids=["not ignored", "in a configuration", "in code"],
)
def test_a_secret_in_a_file_is_dangerous(tmp_path, path, text, detail):
    _, verdict, _, reported = only_problem(tmp_path, **{path: text})

    assert (verdict, detail in reported) == ("danger", True)


@pytest.mark.parametrize(
    ("path", "text", "detail"),
    [
        (
            f"{CREATED}schema.json",
            '{"required": ["description"]}',
            "rejected, here too",
        ),
        (
            "actions/product/commerce/updated/validator.js",
            "const required = ['sku', 'description']",
            "never reaches the third party",
        ),
    ],
    ids=["inbound", "outbound"],
)
def test_a_demanded_description_is_dangerous(tmp_path, path, text, detail):
    _, verdict, name, reported = only_problem(tmp_path, **{path: text})

    assert (verdict, name, detail in reported) == ("danger", path, True)


def test_another_folder_is_a_usage_error(tmp_path):
    result = CliRunner().invoke(main, ["check-kit", str(tmp_path)])

    assert result.exit_code == 2
    assert "is no checkout of the kit" in result.output


def test_the_report_counts_what_needs_work(tmp_path):
    path = checkout(tmp_path, **{".gitignore": ""})

    result = CliRunner().invoke(main, ["check-kit", str(path)])

    assert "findings need work" in result.output
    assert result.output.splitlines()[-1].startswith("1 of ")


def test_an_env_of_the_kit_is_recognised():
    note = kit_note(["COMMERCE_BASE_URL", "IO_PROJECT_ID", "AIO_CLI_ENV"])

    assert note.endswith("here are AIO_CLI_ENV, IO_PROJECT_ID (docs/migrate.md)")
    assert kit_note(["COMMERCE_BASE_URL", "INGEST_AUTH"]) == ""
