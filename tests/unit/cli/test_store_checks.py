"""``check-commerce`` reports what is wrong with a store."""

import json

import pytest
import requests
from click.testing import CliRunner

from cli.commands.check_commerce import check_commerce
from tests.support.cli_store_kit import READS, check, check_lines, store
from tests.support.commerce_adapter import PAAS, SAAS, RecordingAdapter, reply

INVALID_SIGNATURE = {"message": "The signature is invalid. Verify and try again."}


def failed(findings):
    return [name for name, finding in findings.items() if finding["ok"] is False]


def test_a_correct_paas_store_passes():
    status, findings, sent = check(store)

    assert status == 0
    assert {name: finding["ok"] for name, finding in findings.items()} == {
        "store": None,
        "version": None,
        "clock": True,
        "authentication": True,
        "store scope": True,
        **dict.fromkeys(READS, True),
        "write permissions": None,
    }
    assert findings["authentication"]["detail"] == "OAuth 1.0a, accepted"
    assert findings["version"]["detail"] == "Magento/2.4 (Community)"
    assert findings["store"]["detail"] == (
        "PaaS at https://shop.example.com/rest/all/V1/, store scope all"
    )
    assert sent[1].url == "https://shop.example.com/magento_version"


def test_a_correct_saas_store_passes():
    status, findings, _ = check(store, SAAS)

    assert status == 0
    assert findings["authentication"]["detail"] == "Adobe IMS, accepted"
    assert findings["version"]["detail"] == "Adobe Commerce as a Cloud Service"


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["paas", "saas"])
def test_the_store_is_only_read(base):
    _, _, sent = check(store, base)

    assert [request.url for request in sent if request.method != "GET"] == (
        [] if base is PAAS else ["https://ims-na1.adobelogin.com/ims/token/v3"]
    )
    sizes = {request.query.get("searchCriteria[pageSize]", "1") for request in sent}
    assert sizes == {"1"}


def test_a_terminal_obeys_nothing_of_the_store():
    codes = ["\x1b[2Jde", "\x9b31m", "a\rb", "\u202efr", "x\n  ok      clock"]

    def hostile(request):
        if request.url.endswith("/magento_version"):
            return reply(200, b"Magento/2.4 \x1b]0;title\x07")
        if request.path == "store/storeConfigs":
            return reply(200, [{"code": code} for code in codes])
        return store(request, rejects=("orders",), error={"message": codes[0]})

    session = requests.Session()
    session.mount("https://", RecordingAdapter(hostile))
    _, lines = check_lines(PAAS, session, as_json=False)

    assert "store views: " in "".join(lines)
    assert len(lines) == 6 + len(READS)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_is_named(status):
    exit_status, findings, _ = check(
        lambda request: store(request, rejects=("shipments",), status=status)
    )

    assert exit_status == 1
    assert failed(findings) == ["read shipments"]
    assert findings["read shipments"]["detail"] == (
        f"not allowed: Commerce answered {status} to GET shipments:"
        " The consumer isn't authorized to access Magento_shipments."
    )


def test_no_permissions_are_not_a_failed_authentication():
    _, findings, _ = check(lambda request: store(request, rejects=None))

    assert findings["authentication"]["ok"] is True
    assert "store scope" not in findings
    assert all(findings[read]["ok"] is False for read in READS)


def test_an_invalid_signature_is_a_failed_authentication():
    status, findings, _ = check(
        lambda request: store(request, rejects=None, error=INVALID_SIGNATURE)
    )

    assert status == 1
    assert findings["authentication"]["detail"] == (
        "OAuth 1.0a, rejected: Commerce answered 401 to GET store/storeConfigs:"
        " The signature is invalid. Verify and try again."
    )
    assert "read products" not in findings


def test_an_unknown_technical_account_is_named():
    base = {
        **SAAS,
        "COMMERCE_BASE_URL": "https://shop.example.com/rest",
        "OAUTH_TECHNICAL_ACCOUNT_EMAIL": "tech@example.com",
    }

    status, findings, _ = check(lambda request: store(request, rejects=None), base)

    assert status == 1
    assert findings["authentication"]["detail"].endswith(
        "; is the technical account tech@example.com an admin user of this store?"
    )


def test_credentials_that_ims_rejects_are_reported():
    def script(request):
        if request.url.endswith("/token/v3"):
            return reply(400, {"error": "invalid_client"})
        return store(request)

    status, findings, _ = check(script, SAAS)

    assert status == 1
    assert failed(findings) == ["authentication"]
    assert "Adobe IMS" in findings["authentication"]["detail"]
    assert "400" in findings["authentication"]["detail"]


@pytest.mark.parametrize(
    ("ahead", "ok", "detail"),
    [
        (0, True, "same as the store's"),
        (-120, True, "120 s ahead of the store's"),
        (400, False, "400 s behind the store's"),
    ],
)
def test_the_clock_is_compared(ahead, ok, detail):
    status, findings, _ = check(lambda request: store(request, ahead_seconds=ahead))

    clock = findings["clock"]
    assert clock["ok"] is ok
    assert status == (0 if ok else 1)
    # The date has whole seconds.
    near = [detail.replace(str(abs(ahead)), str(abs(ahead) + n)) for n in (-1, 0, 1)]
    assert clock["detail"] in near


def test_a_clock_that_commerce_rejects_fails_authentication():
    error = {"message": "Incorrect timestamp value in the oauth_timestamp parameter"}

    _, findings, _ = check(
        lambda request: store(
            request, rejects=None, status=400, error=error, ahead_seconds=700
        )
    )

    assert failed(findings) == ["clock", "authentication"]
    assert "oauth_timestamp" in findings["authentication"]["detail"]


def test_an_unknown_store_view_fails():
    status, findings, _ = check(store, COMMERCE_STORE_SCOPE="fr")

    assert status == 1
    assert findings["store scope"] == {
        "check": "store scope",
        "ok": False,
        "detail": "store views: de, default",
    }


def test_a_wrong_address_is_reported():
    status, findings, _ = check(lambda request: reply(404, b"<html>"))

    detail = findings["authentication"]["detail"]
    assert status == 1
    assert detail.startswith(
        "OAuth 1.0a, not checked: Commerce answered 404 to GET store/storeConfigs"
    )
    assert "COMMERCE_BASE_URL" in detail
    assert findings["version"]["detail"] == "not published by the store"
    assert findings["clock"]["detail"] == "the response has no Date"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(200, b"<html>Magento/2.4"), id="a page"),
        pytest.param(reply(404, b"Magento/2.4"), id="not found"),
        pytest.param(requests.ReadTimeout(), id="no response"),
    ],
)
def test_an_unpublished_version_passes(answer):
    def script(request):
        if request.url.endswith("/magento_version"):
            return answer
        return store(request)

    status, findings, _ = check(script)

    assert (status, findings["version"]["ok"]) == (0, None)
    assert findings["version"]["detail"] == "not published by the store"


def test_an_unreachable_store_exits_3():
    status, findings, _ = check(lambda request: requests.ConnectTimeout())

    assert status == 3
    assert findings["reachable"]["detail"] == (
        "GET store/storeConfigs: no connection (ConnectTimeout)"
    )


def test_missing_settings_are_named_and_exit_2():
    status, lines = check_lines({**PAAS, "COMMERCE_BASE_URL": ""}, as_json=False)

    assert status == 2
    [line] = lines
    assert line.startswith("FAILED  settings  ")
    assert line.endswith("COMMERCE_BASE_URL is not set")


def test_the_command_reads_the_environment():
    result = CliRunner(env={"COMMERCE_BASE_URL": "http://shop.example.com"}).invoke(
        check_commerce, ["--json"]
    )

    assert result.exit_code == 2
    assert "must begin with https://" in json.loads(result.output)["detail"]
