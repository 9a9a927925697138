"""OAuth 1.0a (RFC 5849) signatures, with which PaaS integrations authenticate."""

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from functions.commerce.settings import CommerceSettings


class OAuth1:
    """Signs requests; a new nonce and timestamp for each."""

    def __init__(self, settings: CommerceSettings) -> None:
        self._client = Client(
            settings.consumer_key,
            client_secret=settings.consumer_secret,
            resource_owner_key=settings.access_token,
            resource_owner_secret=settings.access_token_secret,
            signature_method=SIGNATURE_HMAC_SHA256,
        )

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The Authorization header of one request; *url* must be sent unchanged.

        The body is not signed: Commerce does not sign JSON, and oauthlib would add an
        ``oauth_body_hash`` that Commerce does not accept.
        """
        _, headers, _ = self._client.sign(url, method)  # type: ignore[arg-type]  # any text
        return headers
