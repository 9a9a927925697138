"""``check-commerce`` against the stand-in, which checks signatures."""

import json
import re

import pytest

from cli.write_checks import WRITES
from tests.support.cli_store_kit import READS, check_lines, check_stand_in
from tests.support.running_stand_in import RunningStandIn


@pytest.fixture(scope="module")
def stand_in():
    with RunningStandIn() as running:
        yield running


AUTHENTICATION = [
    pytest.param({}, "OAuth 1.0a, accepted", id="oauth1"),
    pytest.param({"sign_in": "ims"}, "Adobe IMS, accepted", id="ims"),
    pytest.param({"saas": True}, "Adobe IMS, accepted", id="saas"),
]


@pytest.mark.parametrize(("options", "detail"), AUTHENTICATION)
def test_every_check_passes_and_changes_nothing(stand_in, options, detail):
    status, findings = check_stand_in(stand_in, options, writes=True)

    assert status == 0
    assert findings["authentication"]["detail"] == detail
    allowed = READS + [f"write {write.what}" for write in WRITES]
    assert {findings[name]["detail"] for name in allowed} == {"allowed"}
    assert stand_in.effects() == []


@pytest.mark.parametrize(("options", "detail"), AUTHENTICATION)
def test_without_writes_only_a_token_is_posted(stand_in, options, detail):
    check_stand_in(stand_in, options)

    methods = [call["method"] for call in stand_in.calls()]
    assert [method for method in methods if method != "GET"] == (
        ["POST"] if options else []
    )


@pytest.mark.parametrize(
    ("options", "variables", "detail"),
    [
        (
            {},
            {"COMMERCE_ACCESS_TOKEN_SECRET": "wrong"},
            "OAuth 1.0a, rejected: Commerce answered 401 to GET store/storeConfigs: The"
            " signature is invalid. Verify and try again.",
        ),
        ({"saas": True}, {"OAUTH_CLIENT_SECRET": "wrong"}, "Adobe IMS"),
    ],
    ids=["oauth1", "ims"],
)
def test_a_wrong_secret_is_reported(stand_in, options, variables, detail):
    status, findings = check_stand_in(stand_in, options, **variables)

    name = list(findings)[-1]
    assert (status, name, findings[name]["ok"]) == (1, "authentication", False)
    assert findings[name]["detail"].startswith(detail)


def test_three_columns_are_printed(stand_in):
    stand_in.reset()
    _, lines = check_lines(stand_in.environment(), as_json=False)

    rows = [re.split(r"  +", line.strip()) for line in lines]
    assert {len(row) for row in rows} == {3}
    assert ["ok", "read inventory sources' stock", "allowed"] in rows


def test_json_is_one_object_per_line(stand_in):
    stand_in.reset()
    _, lines = check_lines(stand_in.environment())

    assert {tuple(json.loads(line)) for line in lines} == {("check", "ok", "detail")}
