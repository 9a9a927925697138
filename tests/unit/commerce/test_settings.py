"""Settings of the Commerce client: authentication, URLs, all errors at once."""

import pytest

from functions.commerce.settings import CommerceSettings
from functions.settings import SettingsError, described, from_environment
from tests.support.commerce_adapter import PAAS, SAAS, commerce_settings

NO_AUTHENTICATION = (
    "no authentication is set: set either COMMERCE_CONSUMER_KEY,"
    " COMMERCE_CONSUMER_SECRET,"
    " COMMERCE_ACCESS_TOKEN, COMMERCE_ACCESS_TOKEN_SECRET (OAuth 1.0a) or"
    " OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OAUTH_ORG_ID (Adobe IMS)"
)


def without(base: dict, *names: str) -> dict:
    return {name: value for name, value in base.items() if name not in names}


def test_the_auth_method_depends_on_what_is_set(subtests):
    for name, environment, auth_method in [
        ("oauth1", PAAS, "oauth1"),
        ("ims", SAAS, "ims"),
        ("both: oauth1 first", {**SAAS, **PAAS}, "oauth1"),
        ("empty is unset", {**PAAS, **SAAS, "COMMERCE_CONSUMER_KEY": ""}, "ims"),
        (
            "ims at a PaaS store",
            {**SAAS, "COMMERCE_BASE_URL": "https://shop.example.com"},
            "ims",
        ),
    ]:
        with subtests.test(name):
            assert (
                from_environment(CommerceSettings, environment).auth_method
                == auth_method
            )


def test_an_error_is_named_without_values(subtests):
    for name, environment, error in [
        (
            "neither",
            {"COMMERCE_BASE_URL": "https://shop.example.com/rest"},
            NO_AUTHENTICATION,
        ),
        (
            "oauth1 without one",
            without(PAAS, "COMMERCE_ACCESS_TOKEN_SECRET"),
            "COMMERCE_CONSUMER_KEY is set, but COMMERCE_ACCESS_TOKEN_SECRET is not",
        ),
        (
            "oauth1 without two",
            without(PAAS, "COMMERCE_CONSUMER_SECRET", "COMMERCE_ACCESS_TOKEN"),
            "COMMERCE_CONSUMER_KEY is set, but COMMERCE_CONSUMER_SECRET and"
            " COMMERCE_ACCESS_TOKEN are not",
        ),
        (
            "oauth1 without its key",
            without(PAAS, "COMMERCE_CONSUMER_KEY"),
            "COMMERCE_CONSUMER_SECRET is set, but COMMERCE_CONSUMER_KEY is not",
        ),
        (
            "ims without organisation",
            without(SAAS, "OAUTH_ORG_ID"),
            "OAUTH_CLIENT_ID is set, but OAUTH_ORG_ID is not",
        ),
        (
            "ims without id",
            without(SAAS, "OAUTH_CLIENT_ID"),
            "OAUTH_CLIENT_SECRET is set, but OAUTH_CLIENT_ID is not",
        ),
        (
            "http",
            {**PAAS, "COMMERCE_BASE_URL": "http://shop.example.com/rest/"},
            "COMMERCE_BASE_URL must begin with https:// (http is for localhost alone)",
        ),
        (
            "http of IMS",
            {**SAAS, "OAUTH_BASE_URL": "http://ims.example.com/ims/token/"},
            "OAUTH_BASE_URL must begin with https:// (http is for localhost alone)",
        ),
        (
            "no scheme",
            {**PAAS, "COMMERCE_BASE_URL": "shop.example.com"},
            "COMMERCE_BASE_URL must be a URL like https://host/path/",
        ),
        (
            "password in the URL",
            {**PAAS, "COMMERCE_BASE_URL": "https://user:pw@shop.example.com/rest/"},
            "COMMERCE_BASE_URL must be a URL without user, query and fragment",
        ),
        (
            "store in the URL",
            {**PAAS, "COMMERCE_BASE_URL": "https://shop.example.com/rest/all/"},
            "COMMERCE_BASE_URL must end in /rest/; the store's code goes into"
            " COMMERCE_STORE_SCOPE",
        ),
        (
            "version in the URL",
            {**PAAS, "COMMERCE_BASE_URL": "https://shop.example.com/rest/V1"},
            "COMMERCE_BASE_URL must end before /V1",
        ),
        (
            "no tenant",
            {**SAAS, "COMMERCE_BASE_URL": "https://na1.api.commerce.adobe.com/"},
            "COMMERCE_BASE_URL must end in the tenant's id for a SaaS store",
        ),
        (
            "oauth1 at a SaaS store",
            {**PAAS, "COMMERCE_BASE_URL": SAAS["COMMERCE_BASE_URL"]},
            "COMMERCE_CONSUMER_KEY is set, but a SaaS store accepts only"
            " Adobe IMS (OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OAUTH_ORG_ID)",
        ),
        (
            "blank in a credential",
            {**PAAS, "COMMERCE_ACCESS_TOKEN": "two words"},
            "COMMERCE_ACCESS_TOKEN must be printable ASCII without blanks",
        ),
        (
            "path in the store's code",
            {**PAAS, "COMMERCE_STORE_SCOPE": "all/../x"},
            "COMMERCE_STORE_SCOPE must be all, default or a store view's code",
        ),
    ]:
        with subtests.test(name):
            with pytest.raises(SettingsError) as raised:
                from_environment(CommerceSettings, environment)

            assert str(raised.value) == f"Wrong settings: {error}"


def test_all_errors_are_named_together():
    with pytest.raises(SettingsError) as raised:
        commerce_settings({}, COMMERCE_FLAVOUR="onprem", COMMERCE_TIMEOUT_SECONDS="0")

    assert str(raised.value) == (
        "Wrong settings: COMMERCE_BASE_URL is not set; COMMERCE_FLAVOUR must be one of"
        " auto, paas, saas; COMMERCE_TIMEOUT_SECONDS must be seconds from 1 to 180;"
        f" {NO_AUTHENTICATION}"
    )


def test_an_invalid_credential_is_not_called_missing():
    with pytest.raises(SettingsError) as raised:
        commerce_settings(
            without(PAAS, "COMMERCE_CONSUMER_KEY"), COMMERCE_CONSUMER_KEY="a b"
        )

    assert str(raised.value) == (
        "Wrong settings: COMMERCE_CONSUMER_KEY must be printable ASCII without blanks"
    )


def test_errors_of_several_settings_are_named_together():
    with pytest.raises(SettingsError) as raised:
        commerce_settings({"COMMERCE_BASE_URL": "https://shop.example.com/rest/all"})

    assert "no authentication is set" in str(raised.value)
    assert "must end in /rest/" in str(raised.value)


def test_an_invalid_variable_hides_no_other_error():
    with pytest.raises(SettingsError) as raised:
        commerce_settings(
            {"COMMERCE_BASE_URL": "https://shop.example.com/rest/all"},
            COMMERCE_CONCURRENCY="0",
        )

    assert "COMMERCE_CONCURRENCY must be" in str(raised.value)
    assert "no authentication is set" in str(raised.value)
    assert "must end in /rest/" in str(raised.value)


def test_urls_have_the_form_of_the_flavour(subtests):
    for base_url, more, url in [
        ("https://shop.example.com/rest/", {}, "https://shop.example.com/rest/all/V1/"),
        ("https://shop.example.com/rest", {}, "https://shop.example.com/rest/all/V1/"),
        ("https://shop.example.com/", {}, "https://shop.example.com/rest/all/V1/"),
        (
            "https://shop.example.com/index.php/rest",
            {"COMMERCE_STORE_SCOPE": "de_b2b"},
            "https://shop.example.com/index.php/rest/de_b2b/V1/",
        ),
        ("http://localhost:8086/rest/", {}, "http://localhost:8086/rest/all/V1/"),
        ("http://127.0.0.1:8086/rest", {}, "http://127.0.0.1:8086/rest/all/V1/"),
        (
            "https://na1-sandbox.api.commerce.adobe.com/tenant1/",
            {},
            "https://na1-sandbox.api.commerce.adobe.com/tenant1/V1/",
        ),
        (
            "https://gateway.example.com/shop",
            {"COMMERCE_FLAVOUR": "saas"},
            "https://gateway.example.com/shop/V1/",
        ),
        (
            "https://na1.api.commerce.adobe.com/t/rest",
            {"COMMERCE_FLAVOUR": "paas"},
            "https://na1.api.commerce.adobe.com/t/rest/all/V1/",
        ),
    ]:
        with subtests.test(base_url=base_url):
            settings = commerce_settings(
                {**SAAS, "COMMERCE_BASE_URL": base_url}, **more
            )

            assert settings.url == url


def test_scopes_are_a_json_list_or_separated(subtests):
    for text in [
        '["openid", "AdobeID"]',
        "openid,AdobeID",
        "openid, AdobeID",
        "openid AdobeID",
    ]:
        with subtests.test(text=text):
            assert commerce_settings(SAAS, OAUTH_SCOPES=text).scopes == (
                "openid",
                "AdobeID",
            )


@pytest.mark.parametrize(
    "given",
    [
        "https://ims.example.com/ims/token/",
        "https://ims.example.com/ims/token",
        "https://ims.example.com/ims/token/v3",
    ],
)
def test_the_token_url_ends_in_v3(given):
    settings = commerce_settings(SAAS, OAUTH_BASE_URL=given)

    assert settings.token_url == "https://ims.example.com/ims/token/v3"


def test_every_setting_has_its_default():
    settings = commerce_settings()

    assert (
        settings.flavour,
        settings.store_scope,
        settings.attribute_set_id,
        settings.website_id,
        settings.product_tax_class_id,
        settings.order_status_mode,
        settings.shipment_notify,
        settings.stock_piece_size,
        settings.timeout_seconds,
        settings.connect_timeout_seconds,
        settings.concurrency,
        settings.token_url,
    ) == (
        "auto",
        "all",
        4,
        None,
        None,
        "comment",
        False,
        20,
        30.0,
        3.0,
        4,
        "https://ims-na1.adobelogin.com/ims/token/v3",
    )


def test_no_secret_is_in_the_repr():
    shown = repr(commerce_settings({**SAAS, **PAAS}))

    assert "client-id" in shown
    for name, value in {**PAAS, **SAAS}.items():
        if "SECRET" in name or "TOKEN" in name or "KEY" in name:
            assert value not in shown


def test_every_setting_has_a_meaning():
    lines = list(described(CommerceSettings))

    assert all(line.meaning.endswith(".") for line in lines)
    assert len({line.name for line in lines}) == len(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["openid", 1]', "must be a JSON list of texts"),
        ('["openid"', "must be a JSON list, or separated by commas"),
    ],
)
def test_invalid_scopes_are_an_error(text, expected):
    with pytest.raises(SettingsError, match=f"OAUTH_SCOPES {expected}$"):
        commerce_settings(SAAS, OAUTH_SCOPES=text)


def test_an_invalid_url_is_an_error(subtests):
    for url in [
        "https://host:port/rest/",
        "https://h ost/",
        "https://hö.st/",
        "ftp://h/",
    ]:
        with subtests.test(url=url):
            with pytest.raises(
                SettingsError, match="must be a URL like https://host/path/$"
            ):
                commerce_settings({**PAAS, "COMMERCE_BASE_URL": url})


def test_website_ids_are_whole_numbers():
    settings = commerce_settings(PAAS, COMMERCE_PRODUCT_WEBSITE_IDS="1, 3,")
    assert settings.product_website_ids == (1, 3)

    for text in ("0", "1;2", "x", "-1"):
        with pytest.raises(SettingsError, match="must be whole numbers from 1"):
            commerce_settings(PAAS, COMMERCE_PRODUCT_WEBSITE_IDS=text)
