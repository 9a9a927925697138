"""Adobe IMS server-to-server authentication."""

import time
from collections.abc import Callable

from functions.commerce.settings import CommerceSettings
from functions.http_client.client_credentials import REQUEST_SECONDS, ClientCredentials
from functions.http_client.transport import Transport


class Ims(ClientCredentials):
    """The credentials of one store."""

    def __init__(
        self,
        settings: CommerceSettings,
        transport: Transport,
        clock: Callable[[], float] = time.monotonic,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        super().__init__(
            "Adobe IMS",
            "ims/token/v3",
            settings.token_url,
            {
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "scope": ",".join(settings.scopes),
            },
            transport,
            clock=clock,
            request_seconds=request_seconds,
        )
