"""Settings of the webhook that outbound events are delivered to."""

from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from typing import Any

from functions.events.catalog import OUTBOUND_EVENTS, module_of
from functions.http_client.setting_values import address, credential, webhook_url
from functions.settings import listed, one_of, seconds, setting, text
from functions.standard_webhooks import check_secret

PREFIX = "TARGET_URL"
OAUTH = (
    "TARGET_OAUTH_TOKEN_URL",
    "TARGET_OAUTH_CLIENT_ID",
    "TARGET_OAUTH_CLIENT_SECRET",
)
# Names of the entities in settings: ``customer_group`` for ``outbound-customer-group``.
ENTITIES = {
    event.entity: module_of(event.entity).removeprefix("outbound.")
    for event in OUTBOUND_EVENTS.values()
}


def signing_secrets(value: str) -> tuple[str, ...]:
    """``whsec_<base64>``, comma-separated.

    Raises:
        ValueError: one is not of that form, or is short.
    """
    secrets = listed(value)
    for secret in secrets:
        check_secret(secret)
    if not secrets:
        raise ValueError("names no secret")
    return secrets


# One setting for each entity of the catalogue, so that a new one has its own, too.
_EntityUrls: Any = make_dataclass(
    "_EntityUrls",
    [
        (
            f"url_{name}",
            str,
            setting(
                f"{PREFIX}_{name.upper()}",
                webhook_url,
                f"The same for {name.replace('_', ' ')} events alone.",
                "",
                shown="{TARGET_URL}",
            ),
        )
        for name in ENTITIES.values()
    ],
    frozen=True,
    kw_only=True,
)


@dataclass(frozen=True, kw_only=True)
class TargetSettings(_EntityUrls):
    """Everything that can be set for the third party's webhook."""

    url: str = setting(
        PREFIX,
        webhook_url,
        "Webhook of the third party: https://host/path. A consumer serves outbound"
        " events when it is set.",
    )
    secrets: tuple[str, ...] = setting(
        "TARGET_SECRETS",
        signing_secrets,
        "Secrets that webhooks are signed with (Standard Webhooks): comma-separated,"
        " each whsec_<base64>. Several while one replaces another.",
        secret=True,
    )
    token: str = setting(
        "TARGET_TOKEN",
        credential,
        "Bearer token that every webhook is sent with.",
        "",
        secret=True,
    )
    oauth_token_url: str = setting(
        OAUTH[0],
        address,
        "OAuth 2.0 client credentials, in place of TARGET_TOKEN: where tokens are"
        " issued.",
        "",
    )
    oauth_client_id: str = setting(OAUTH[1], credential, "OAuth 2.0.", "")
    oauth_client_secret: str = setting(
        OAUTH[2], credential, "OAuth 2.0.", "", secret=True
    )
    oauth_scope: str = setting(
        "TARGET_OAUTH_SCOPE", text, "OAuth 2.0: scopes, separated by blanks.", ""
    )
    oauth_client_auth: str = setting(
        "TARGET_OAUTH_CLIENT_AUTH",
        one_of("post", "basic"),
        "OAuth 2.0: whether id and secret are sent in the token request's form (post)"
        " or in its Authorization header (basic).",
        "post",
    )
    timeout_seconds: float = setting(
        "TARGET_TIMEOUT_SECONDS",
        seconds(1, 180),
        "Seconds for one webhook, from start to end.",
        30.0,
        shown="30",
    )

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        """See ``all_from_environment``: the token, and OAuth's settings together."""
        errors = []
        if set(OAUTH) & given.keys():
            errors += [f"{name} is not set" for name in OAUTH if name not in given]
            if "TARGET_TOKEN" in given:
                errors.append("TARGET_TOKEN and TARGET_OAUTH_… are both set: unset one")
        return errors

    def url_of(self, entity: str) -> str:
        """The URL for the events of *entity*, named as in the catalogue."""
        url: str = getattr(self, f"url_{ENTITIES[entity]}")
        return url or self.url


def is_target_set(environment: Mapping[str, str]) -> bool:
    """Whether a URL is set, so that the consumer serves outbound events."""
    return any(
        name.startswith(PREFIX) and value.strip() for name, value in environment.items()
    )
