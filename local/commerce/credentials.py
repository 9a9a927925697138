"""The credentials that the stand-in accepts."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """Made-up credentials; the defaults are the same on every machine."""

    consumer_key: str = "standinconsumerkey00000000000000"
    consumer_secret: str = field(default="standinconsumersecret00000000000", repr=False)
    access_token: str = field(default="standinaccesstoken00000000000000", repr=False)
    access_token_secret: str = field(
        default="standinaccesstokensecret00000000", repr=False
    )
    client_id: str = "stand-in-client"
    client_secret: str = field(default="stand-in-client-secret", repr=False)
    org_id: str = "STANDIN@AdobeOrg"
    scope: str = "commerce.accs"
    tenant: str = "stand-in-tenant"
