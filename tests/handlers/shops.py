"""What handler tests ask: samples, a commerce that a script answers, and a delivery."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.commerce.client import CommerceSession
from functions.events import catalog, samples
from functions.handlers import DirectCall, dispatch
from tests.commerce.canned import PAAS, Asked, commerce, response

PREFIX = "be-observer."


class Unsure(DirectCall):
    """A delivery after one whose outcome nobody knows."""

    def __init__(self, seconds_ago: float = 60) -> None:
        self.outcome_unknown_since = datetime.now(UTC) - timedelta(seconds=seconds_ago)


def written(seconds_ago: float = 0) -> str:
    """A moment as Commerce writes it."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def sample(event: str, **changes: Any) -> Any:
    """The project's sample of *event*, changed."""
    return {**copy.deepcopy(samples.value(PREFIX + event)), **changes}


class InTurn:
    """Answers given one after the other."""

    def __init__(self, *answers: Any) -> None:
        self._left = iter(answers)

    def __call__(self, asked: Asked) -> Any:
        return next(self._left)


def refused(status: int, message: str, *parameters: Any):
    """Commerce's refusal."""
    return response(status, {"message": message, "parameters": list(parameters)})


def shop_of(
    answers: dict[str, Any], base: dict = PAAS, **settings: str
) -> tuple[CommerceSession, list[Asked]]:
    """A commerce, and the list of what it is asked.

    Args:
        answers: ``"GET orders/8"`` to a document, an HTTPResponse, an exception to
            raise, or a function of ``Asked`` that gives one of them.
    """

    def script(asked: Asked) -> Any:
        said = answers[f"{asked.method} {asked.path}"]
        if callable(said):
            said = said(asked)
        if isinstance(said, Exception) or hasattr(said, "read1"):
            return said
        return response(200, said)

    client, adapter = commerce(script, base, **settings)
    return client.session(), adapter.asked


def handle(event: str, value: Any, commerce: CommerceSession, work: Any = None) -> str:
    """What the handler of *event* says."""
    return dispatch(catalog.find(PREFIX + event))(value, commerce, work or DirectCall())


def calls(asked: list[Asked]) -> list[tuple]:
    """Method, path, and the body or else the query (None for neither)."""
    return [
        (one.method, one.path, one.body if one.body is not None else one.query or None)
        for one in asked
    ]
