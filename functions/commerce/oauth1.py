"""Sign-in by OAuth 1.0a (RFC 5849), as PaaS integrations have it."""

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from functions.commerce.settings import CommerceSettings


class OAuth1:
    """Signs requests; a new nonce and time for each."""

    def __init__(self, settings: CommerceSettings) -> None:
        self._client = Client(
            settings.consumer_key,
            client_secret=settings.consumer_secret,
            resource_owner_key=settings.access_token,
            resource_owner_secret=settings.access_token_secret,
            signature_method=SIGNATURE_HMAC_SHA256,
        )

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The Authorization of one request to *url*, which is sent as it stands here.

        The body is no part of it: Commerce signs no JSON, and oauthlib, told of one,
        would add an ``oauth_body_hash`` that Commerce does not know.
        """
        return self._client.sign(url, method)[1]
