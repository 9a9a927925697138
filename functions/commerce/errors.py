"""What a handler or the Commerce client raises on purpose.

HandlerError
├── Rejected      can never succeed as it is: not to be sent again
└── Unavailable   may succeed later: to be sent again
"""


class HandlerError(Exception):
    """Base of everything raised on purpose on the way of an event to Commerce.

    Attributes:
        status: HTTP status that a direct call is answered with.
        message: one sentence, without payload or secret; safe for answers and logs.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Rejected(HandlerError):
    """Commerce, or a rule of ours, refuses the event for good."""


class Unavailable(HandlerError):
    """The event may succeed later.

    Attributes:
        effect_unknown: the request may have taken effect at Commerce all the same
            (its answer was lost, or came from something before Commerce).
        retry_after: seconds that Commerce asked to wait, where it did.
        alarm: our sign-in, clock or address is wrong: a person must act.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        effect_unknown: bool = False,
        retry_after: float | None = None,
        alarm: bool = False,
    ) -> None:
        super().__init__(status, message)
        self.effect_unknown = effect_unknown
        self.retry_after = retry_after
        self.alarm = alarm
