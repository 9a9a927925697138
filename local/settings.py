"""Settings of ``make run``, from the environment and ``.env``."""

from dataclasses import dataclass

from functions.settings import flag, seconds, setting, text, whole

# Of the variables that are passed to the functions.
PASSED_PREFIXES = ("COMMERCE_", "ECHO_", "INGEST_", "OAUTH_", "TARGET_")


@dataclass(frozen=True)
class LocalSettings:
    """Every setting of the local stack."""

    port: int = setting("PORT", whole(0, 65535), "Port of ingest.", 8080)
    console_port: int = setting(
        "CONSOLE_PORT", whole(0, 65535), "Port of the console.", 8090
    )
    state: str = setting("LOCAL_STATE", text, "Folder of the stack's state.", ".local")
    minimum_backoff: float | None = setting(
        "LOCAL_MINIMUM_BACKOFF_SECONDS",
        seconds(0, 600),
        "Minimum backoff before an event is redelivered, in seconds; as in the cloud"
        " unless set.",
        None,
        shown="10",
    )
    maximum_backoff: float | None = setting(
        "LOCAL_MAXIMUM_BACKOFF_SECONDS",
        seconds(0, 600),
        "Maximum backoff before an event is redelivered, in seconds.",
        None,
        shown="600",
    )
    max_delivery_attempts: int | None = setting(
        "LOCAL_MAX_DELIVERY_ATTEMPTS",
        whole(5, 100),
        "Delivery attempts before an event is dead-lettered.",
        None,
        shown="100",
    )
    commerce_url: str = setting(
        "COMMERCE_BASE_URL",
        text,
        "A real store; without it the stack starts the Commerce stand-in.",
        "",
    )
    log_level: str = setting("LOG_LEVEL", text, "Passed to the functions.", "INFO")
    verbose: bool = setting(
        "LOCAL_VERBOSE", flag, "Also show each call to Commerce.", False
    )
