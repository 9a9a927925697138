"""Settings of the Commerce client and the handlers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from functions.commerce.setting_values import scopes, store_code, whole_numbers
from functions.http_client.setting_values import address, credential
from functions.settings import INVALID, flag, one_of, seconds, setting, text, whole

# With one instance per domain, as terraform/variables.tf deploys it.
DEFAULT_CONCURRENCY = 4

SAAS_HOST = re.compile(r"([\w-]+\.)?api\.commerce\.adobe\.com")

OAUTH1 = (
    "COMMERCE_CONSUMER_KEY",
    "COMMERCE_CONSUMER_SECRET",
    "COMMERCE_ACCESS_TOKEN",
    "COMMERCE_ACCESS_TOKEN_SECRET",
)
IMS = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_ORG_ID")
# From Adobe's documentation of server-to-server authentication for Commerce.
SCOPES = (
    "openid",
    "AdobeID",
    "email",
    "profile",
    "additional_info.roles",
    "additional_info.projectedProductContext",
    "commerce.accs",
)


@dataclass(frozen=True)
class CommerceSettings:
    """Everything that can be set for one store."""

    base_url: str = setting(
        "COMMERCE_BASE_URL",
        address,
        "Base URL of Commerce: https://host/rest/ (PaaS) or"
        " https://<region>.api.commerce.adobe.com/<tenant>/ (SaaS).",
    )
    flavour: str = setting(
        "COMMERCE_FLAVOUR",
        one_of("auto", "paas", "saas"),
        "Form of the URLs: paas, saas, or auto, which decides by host.",
        "auto",
    )
    consumer_key: str = setting(
        "COMMERCE_CONSUMER_KEY",
        credential,
        "OAuth 1.0a of a PaaS integration; where it is set, OAuth 1.0a is used.",
        "",
        secret=True,
    )
    consumer_secret: str = setting(
        "COMMERCE_CONSUMER_SECRET", credential, "OAuth 1.0a.", "", secret=True
    )
    access_token: str = setting(
        "COMMERCE_ACCESS_TOKEN", credential, "OAuth 1.0a.", "", secret=True
    )
    access_token_secret: str = setting(
        "COMMERCE_ACCESS_TOKEN_SECRET", credential, "OAuth 1.0a.", "", secret=True
    )
    client_id: str = setting(
        "OAUTH_CLIENT_ID",
        credential,
        "Adobe IMS server-to-server; used where no OAuth 1.0a key is set.",
        "",
    )
    client_secret: str = setting(
        "OAUTH_CLIENT_SECRET", credential, "Adobe IMS.", "", secret=True
    )
    org_id: str = setting(
        "OAUTH_ORG_ID",
        credential,
        "Adobe IMS: organisation, like 123@AdobeOrg.",
        "",
    )
    scopes: tuple[str, ...] = setting(
        "OAUTH_SCOPES",
        scopes,
        "Adobe IMS: a JSON list, or separated by commas or blanks.",
        SCOPES,
        shown=",".join(SCOPES),
    )
    ims_url: str = setting(
        "OAUTH_BASE_URL",
        address,
        "Adobe IMS: where tokens are issued; v3 is appended.",
        "https://ims-na1.adobelogin.com/ims/token",
        shown="https://ims-na1.adobelogin.com/ims/token/",
    )
    technical_account_id: str = setting(
        "OAUTH_TECHNICAL_ACCOUNT_ID",
        text,
        "Adobe IMS: named by check-commerce where a PaaS store does not know the"
        " account; authentication itself does not need it.",
        "",
    )
    technical_account_email: str = setting(
        "OAUTH_TECHNICAL_ACCOUNT_EMAIL",
        text,
        "Adobe IMS: as OAUTH_TECHNICAL_ACCOUNT_ID; the e-mail address of the admin"
        " user that a PaaS store must have.",
        "",
    )
    store_scope: str = setting(
        "COMMERCE_STORE_SCOPE",
        store_code,
        "Store view of each call: all, default or a store view's code.",
        "all",
    )
    attribute_set_id: int = setting(
        "COMMERCE_ATTRIBUTE_SET_ID",
        whole(1),
        "Attribute set of new products; an update never sends one.",
        4,
    )
    product_tax_class_id: int | None = setting(
        "COMMERCE_PRODUCT_TAX_CLASS_ID",
        whole(0),
        "Tax class of new products; unset, Commerce's own default.",
        None,
    )
    website_id: int | None = setting(
        "COMMERCE_WEBSITE_ID",
        whole(1),
        "Website of new customers; unset, Commerce's default website.",
        None,
    )
    order_status_mode: str = setting(
        "COMMERCE_ORDER_STATUS_MODE",
        one_of("comment", "status"),
        "Effect of an order status event: comment adds a comment and leaves the"
        " status, status asks Commerce to set it too.",
        "comment",
    )
    shipment_notify: bool = setting(
        "COMMERCE_SHIPMENT_NOTIFY",
        flag,
        "Whether Commerce e-mails the customer about a new shipment.",
        False,
        shown="false",
    )
    stock_piece_size: int = setting(
        "COMMERCE_STOCK_PIECE_SIZE",
        whole(1, 5000),
        "Stock levels in one call; 20 is Commerce's default input limit.",
        20,
    )
    product_website_ids: tuple[int, ...] = setting(
        "COMMERCE_PRODUCT_WEBSITE_IDS",
        whole_numbers,
        "Websites of new products, comma-separated; unset, Commerce decides: all of"
        " them in the scope all, else the store's own.",
        (),
    )
    ambiguous_attempts: int = setting(
        "COMMERCE_AMBIGUOUS_ATTEMPTS",
        whole(1, 100),
        "Delivery attempts before an event is rejected for which Commerce answers in"
        " words that it uses for temporary and permanent causes.",
        5,
    )
    ambiguous_seconds: float = setting(
        "COMMERCE_AMBIGUOUS_SECONDS",
        seconds(0, 86_400),
        "Seconds that must have passed since the first of these attempts.",
        900.0,
        shown="900",
    )
    timeout_seconds: float = setting(
        "COMMERCE_TIMEOUT_SECONDS",
        seconds(1, 180),
        "Seconds for one call to Commerce, from start to end.",
        30.0,
        shown="30",
    )
    connect_timeout_seconds: float = setting(
        "COMMERCE_CONNECT_TIMEOUT_SECONDS",
        seconds(0.1, 30),
        "Part of these to connect: short, so that an outage does not occupy threads.",
        3.0,
        shown="3",
    )
    concurrency: int = setting(
        "COMMERCE_CONCURRENCY",
        whole(1, 100),
        "Calls in flight at once, per process: Commerce deadlocks under parallel"
        " writes.",
        DEFAULT_CONCURRENCY,
    )

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        """See ``all_from_environment``: credentials, and the form of the URL."""
        errors = _missing_credentials(set(given))
        base_url = given.get("COMMERCE_BASE_URL", INVALID)
        flavour = given.get("COMMERCE_FLAVOUR", "auto")
        if INVALID not in (base_url, flavour):
            key = given.get("COMMERCE_CONSUMER_KEY", "")
            errors += CommerceSettings(base_url, flavour, key)._url_errors()
        return errors

    @property
    def auth_method(self) -> str:
        """``oauth1`` or ``ims``."""
        return "oauth1" if self.consumer_key else "ims"

    @property
    def saas(self) -> bool:
        """Whether URLs have the form of Adobe Commerce as a Cloud Service."""
        if self.flavour == "auto":
            host = urlsplit(self.base_url).hostname or ""
            return SAAS_HOST.fullmatch(host) is not None
        return self.flavour == "saas"

    @property
    def url(self) -> str:
        """The URL that every route is appended to."""
        if self.saas:
            return f"{self.base_url}/V1/"
        return f"{self._paas_base}/{self.store_scope}/V1/"

    @property
    def _paas_base(self) -> str:
        path = urlsplit(self.base_url).path
        return self.base_url if path else f"{self.base_url}/rest"

    @property
    def token_url(self) -> str:
        """The URL that issues IMS tokens."""
        return f"{self.ims_url.removesuffix('/v3')}/v3"

    def _url_errors(self) -> list[str]:
        path = urlsplit(self.base_url).path
        if self.saas:
            if self.auth_method == "oauth1":
                return [
                    "COMMERCE_CONSUMER_KEY is set, but a SaaS store accepts only"
                    " Adobe IMS (OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET,"
                    " OAUTH_ORG_ID)"
                ]
            if not path:
                return [
                    "COMMERCE_BASE_URL must end in the tenant's id for a SaaS store"
                ]
        if "/V1" in path:
            return ["COMMERCE_BASE_URL must end before /V1"]
        if not self.saas and "/rest/" in path:
            return [
                "COMMERCE_BASE_URL must end in /rest/; the store's code goes into"
                " COMMERCE_STORE_SCOPE"
            ]
        return []


def _missing_credentials(given: set[str]) -> list[str]:
    for names in (OAUTH1, IMS):
        if names[0] in given:
            return _missing(names, given)
    for names in (OAUTH1, IMS):
        # The organisation alone does not choose IMS.
        if given & {*names} - {"OAUTH_ORG_ID"}:
            return _missing(names, given)
    return [
        f"no authentication is set: set either {', '.join(OAUTH1)} (OAuth 1.0a) or"
        f" {', '.join(IMS)} (Adobe IMS)"
    ]


def _missing(names: tuple[str, ...], given: set[str]) -> list[str]:
    missing = [name for name in names if name not in given]
    if not missing:
        return []
    first = next(name for name in names if name in given)
    verb = "is" if len(missing) == 1 else "are"
    return [f"{first} is set, but {' and '.join(missing)} {verb} not"]
