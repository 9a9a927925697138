"""``check-commerce``: says what is wrong with a store, and changes nothing there."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from click.testing import CliRunner

from cli.check_commerce import check_commerce, run
from tests.commerce.canned import PAAS, SAAS, Canned, response
from tests.support.running_stand_in import RunningStandIn

READS = [
    "read store configuration",
    "read products",
    "read customers",
    "read customer groups",
    "read orders",
    "read shipments",
    "read inventory sources' stock",
]
NOT_AUTHORIZED = "The consumer isn't authorized to access %resources."
INVALID = {"message": "The signature is invalid. Verify and try again."}


def store(asked, *, ahead=0, refuse=(), status=401, said=None):
    """A store that allows everything but *refuse*."""
    moment = datetime.now(UTC) + timedelta(seconds=ahead)
    headers = {"Date": format_datetime(moment, usegmt=True)}
    if asked.url.endswith("/magento_version"):
        return response(200, b"Magento/2.4 (Community)", **headers)
    if asked.url.endswith("/token/v3"):
        return response(200, {"access_token": "t", "expires_in": 86400})
    if asked.path in refuse or refuse == "all":
        resource = f"Magento_{asked.path}"
        document = said or {
            "message": NOT_AUTHORIZED,
            "parameters": {"resources": resource},
        }
        return response(status, document, **headers)
    if asked.path == "store/storeConfigs":
        return response(200, [{"code": "de"}, {"code": "default"}], **headers)
    return response(200, {"total_count": 7}, **headers)


def checked(script, base=PAAS, writes=False, **more):
    """Exit status, findings by name, and what was asked."""
    adapter = Canned(script)
    session = requests.Session()
    session.mount("https://", adapter)
    lines = []
    status = run({**base, **more}, True, lines.append, session, writes)
    found = {(line := json.loads(text))["check"]: line for text in lines}
    return status, found, adapter.asked


def test_a_store_where_all_is_well():
    status, found, asked = checked(store)

    assert status == 0
    assert {name: line["ok"] for name, line in found.items()} == {
        "store": None,
        "version": None,
        "clock": True,
        "sign-in": True,
        "store scope": True,
        **dict.fromkeys(READS, True),
        "write permissions": None,
    }
    assert found["sign-in"]["detail"] == "OAuth 1.0a, accepted"
    assert found["version"]["detail"] == "Magento/2.4 (Community)"
    assert found["store"]["detail"] == (
        "PaaS at https://shop.example.com/rest/all/V1/, store scope all"
    )
    assert asked[1].url == "https://shop.example.com/magento_version"


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["paas", "saas"])
def test_nothing_is_changed(base):
    _, _, asked = checked(store, base)

    others = [one for one in asked if one.method != "GET"]
    assert [one.url for one in others] == (
        [] if base is PAAS else ["https://ims-na1.adobelogin.com/ims/token/v3"]
    )
    for one in asked:
        if "searchCriteria[pageSize]" in one.query:
            assert one.query["searchCriteria[pageSize]"] == "1"


def test_a_saas_store_where_all_is_well():
    status, found, _ = checked(store, SAAS)

    assert status == 0
    assert found["sign-in"]["detail"] == "Adobe IMS, accepted"
    assert found["version"]["detail"] == "Adobe Commerce as a Cloud Service"


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_is_named(status):
    def script(asked):
        return store(asked, refuse=("shipments",), status=status)

    exit_status, found, _ = checked(script)

    assert exit_status == 1
    assert [name for name, line in found.items() if line["ok"] is False] == [
        "read shipments"
    ]
    assert found["read shipments"]["detail"] == (
        f"not allowed: Commerce answered {status} to GET shipments:"
        " The consumer isn't authorized to access Magento_shipments."
    )


def test_permissions_all_missing_are_told_from_a_refused_signature():
    _, none_allowed, _ = checked(lambda asked: store(asked, refuse="all"))
    status, refused, _ = checked(lambda a: store(a, refuse="all", said=INVALID))

    assert none_allowed["sign-in"]["ok"] is True
    assert "store scope" not in none_allowed  # nobody told which there are
    assert all(none_allowed[read]["ok"] is False for read in READS)
    assert status == 1
    assert refused["sign-in"]["detail"] == (
        "OAuth 1.0a, refused: Commerce answered 401 to GET store/storeConfigs:"
        " The signature is invalid. Verify and try again."
    )
    assert "read products" not in refused


def test_a_technical_account_that_the_store_does_not_know_is_named():
    base = {
        **SAAS,
        "COMMERCE_BASE_URL": "https://shop.example.com/rest",
        "OAUTH_TECHNICAL_ACCOUNT_EMAIL": "tech@example.com",
    }

    status, found, _ = checked(lambda asked: store(asked, refuse="all"), base)

    assert status == 1
    assert found["sign-in"]["detail"].endswith(
        "; is the technical account tech@example.com an admin user of this store?"
    )


def test_refused_credentials_of_ims_are_told():
    def script(asked):
        if asked.url.endswith("/token/v3"):
            return response(400, {"error": "invalid_client"})
        return store(asked)

    status, found, _ = checked(script, SAAS)

    assert status == 1
    assert found["sign-in"]["detail"] == (
        "Adobe IMS refused our credentials (status 400)"
    )


@pytest.mark.parametrize(
    ("ahead", "ok", "detail"),
    [
        (0, True, "as the store's"),
        (-120, True, "120 s ahead of the store's"),
        (400, False, "400 s behind the store's"),
    ],
)
def test_a_skewed_clock_is_told(ahead, ok, detail):
    status, found, _ = checked(lambda asked: store(asked, ahead=ahead))

    clock = found["clock"]
    assert clock["ok"] is ok
    assert status == (0 if ok else 1)
    # The date has whole seconds.
    near = [detail.replace(str(abs(ahead)), str(abs(ahead) + n)) for n in (-1, 0, 1)]
    assert clock["detail"] in near


def test_a_skewed_clock_that_commerce_refuses_is_a_fault_of_the_sign_in():
    said = {"message": "Incorrect timestamp value in the oauth_timestamp parameter"}

    _, found, _ = checked(
        lambda asked: store(asked, refuse="all", status=400, said=said, ahead=700)
    )

    assert found["clock"]["ok"] is False
    assert found["sign-in"]["ok"] is False
    assert "oauth_timestamp" in found["sign-in"]["detail"]


def test_an_unknown_store_view_is_told():
    status, found, _ = checked(store, COMMERCE_STORE_SCOPE="fr")

    assert status == 1
    assert found["store scope"] == {
        "check": "store scope",
        "ok": False,
        "detail": "store views: de, default",
    }


def test_a_wrong_address_is_told():
    status, found, _ = checked(lambda asked: response(404, b"<html>"))

    assert status == 1
    assert found["sign-in"]["detail"] == (
        "OAuth 1.0a, not tried: Commerce answered 404 to GET store/storeConfigs:"
        " is COMMERCE_BASE_URL right?"
    )
    assert found["version"]["detail"] == "the store does not tell"
    assert found["clock"]["detail"] == "the store does not tell its time"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(lambda: response(200, b"<html>Magento/2.4"), id="a page"),
        pytest.param(lambda: response(404, b"Magento/2.4"), id="not found"),
        pytest.param(lambda: requests.ReadTimeout(), id="no answer"),
    ],
)
def test_a_store_that_does_not_tell_its_version_is_no_fault(said):
    def script(asked):
        return said() if asked.url.endswith("/magento_version") else store(asked)

    status, found, _ = checked(script)

    assert (status, found["version"]["ok"]) == (0, None)
    assert found["version"]["detail"] == "the store does not tell"


def test_a_store_that_is_not_there_is_3():
    status, found, _ = checked(lambda asked: requests.ConnectTimeout())

    assert status == 3
    assert found["reachable"]["detail"] == (
        "GET store/storeConfigs: no connection (ConnectTimeout)"
    )


def test_wrong_settings_are_2_and_named():
    lines = []
    without_address = {**PAAS, "COMMERCE_BASE_URL": ""}

    assert run(without_address, False, lines.append) == 2

    assert lines == [
        "FAULT settings                       Wrong settings: COMMERCE_BASE_URL is not"
        " set\n"
    ]


def test_the_command_reads_the_environment():
    told = CliRunner(env={"COMMERCE_BASE_URL": "http://shop.example.com"}).invoke(
        check_commerce, ["--json"]
    )

    assert told.exit_code == 2
    assert "must begin with https://" in json.loads(told.output)["detail"]


# on the wire, where signing in is checked


@pytest.fixture(scope="module")
def stand_in():
    with RunningStandIn() as opened:
        yield opened


WAYS = [
    pytest.param({}, "OAuth 1.0a, accepted", [], id="oauth1"),
    pytest.param({"sign_in": "ims"}, "Adobe IMS, accepted", ["POST"], id="ims"),
    pytest.param({"saas": True}, "Adobe IMS, accepted", ["POST"], id="saas"),
]


def on_the_wire(stand_in, way, as_json=True, writes=False, **wrong):
    """Exit status and what is written."""
    stand_in.reset()
    lines = []
    with requests.Session() as session:
        session.trust_env = False
        environment = {**stand_in.stand_in.environment(stand_in.address, **way)}
        status = run({**environment, **wrong}, as_json, lines.append, session, writes)
    return status, lines


@pytest.mark.parametrize(("way", "sign_in", "writes"), WAYS)
def test_a_store_on_the_wire_takes_every_question_and_is_not_changed(
    stand_in, way, sign_in, writes
):
    status, lines = on_the_wire(stand_in, way)

    found = {(line := json.loads(text))["check"]: line for text in lines}
    assert status == 0
    assert found["sign-in"]["detail"] == sign_in
    assert [found[name]["detail"] for name in READS] == ["allowed"] * len(READS)
    assert stand_in.effects() == []
    # The one POST is for the token.
    methods = [call["method"] for call in stand_in.calls() if call["method"] != "GET"]
    assert methods == writes


@pytest.mark.parametrize(
    ("way", "wrong", "detail"),
    [
        (
            {},
            {"COMMERCE_ACCESS_TOKEN_SECRET": "wrong"},
            "OAuth 1.0a, refused: Commerce answered 401 to GET store/storeConfigs: The"
            " signature is invalid. Verify and try again.",
        ),
        (
            {"saas": True},
            {"OAUTH_CLIENT_SECRET": "wrong"},
            "Adobe IMS refused our credentials (status 400)",
        ),
    ],
    ids=["oauth1", "ims"],
)
def test_a_wrong_secret_is_told_on_the_wire(stand_in, way, wrong, detail):
    status, lines = on_the_wire(stand_in, way, **wrong)

    last = json.loads(lines[-1])
    assert (status, last["check"], last["ok"]) == (1, "sign-in", False)
    assert last["detail"] == detail


def test_people_get_three_columns(stand_in):
    _, lines = on_the_wire(stand_in, {}, as_json=False)

    rows = [re.split(r"  +", line.strip()) for line in lines]
    assert {len(row) for row in rows} == {3}
    assert ["ok", "read inventory sources' stock", "allowed"] in rows
