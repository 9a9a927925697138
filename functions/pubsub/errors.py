"""What publishing raises."""


class PublishFailed(Exception):
    """Pub/Sub did not confirm the message; publishing it again is safe.

    Attributes:
        code: gRPC status name, such as UNAVAILABLE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MessageTooLarge(Exception):
    """The request that publishes the message is larger than Pub/Sub accepts."""
