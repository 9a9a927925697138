"""What a handler or the Commerce client raises on purpose.

HandlerError
├── Rejected        permanent failure: stored as dead letter, not redelivered
└── Unavailable     temporary failure: redelivered with backoff
    └── Ambiguous   one sentence for temporary and permanent causes: a bounded number
                    of delivery attempts, then rejected
"""


class HandlerError(Exception):
    """Base of everything raised on purpose while an event is applied to Commerce.

    Attributes:
        status: HTTP status with which a direct call is answered.
        message: one sentence, without payload or secret; safe for answers and logs.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Rejected(HandlerError):
    """Commerce, or a rule of ours, rejects the event permanently."""


class Unavailable(HandlerError):
    """The event may succeed later.

    Attributes:
        outcome_unknown: the request may have taken effect at Commerce all the same
            (its response was lost, or came from a proxy in front of Commerce).
        retry_after: seconds that Commerce asked to wait, where it did.
        alarm: credentials, clock or address are wrong: an operator must act.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        alarm: bool = False,
    ) -> None:
        super().__init__(status, message)
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.alarm = alarm


class Ambiguous(Unavailable):
    """Commerce refused in words that it uses for temporary and permanent causes.

    It has had no effect: Commerce rolls the transaction back.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(503, message, retry_after=retry_after)
