"""Commands with another LEDGER_KEY than the consumers'; replays of signed requests."""

import pytest

from functions.events import samples
from tests.support.cli_deployment import HANDLED

CREATE = "catalog_product_create"
PRODUCT = samples.value(f"be-observer.{CREATE}")
OTHER_KEY = "another-key-of-enough-characters"
SENTENCE = (
    "Error: The ledger was written with another LEDGER_KEY: set the key that this"
    " deployment has always had\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "u1"),
        ("replay", "--all"),
        ("forget", "--uid", "u1", "--yes"),
        ("forget", "--id", "product:LAMP-1", "--yes"),
    ],
    ids=" ".join,
)
def test_another_key_is_one_sentence(deployment, arguments):
    deployment.attempt(CREATE, PRODUCT, "u1", **HANDLED)
    deployment.add_rejected(CREATE, PRODUCT, "u1")
    before = deployment.ledger.events_of("u1")
    environment = deployment.cloud_environment(
        LEDGER_KEY=OTHER_KEY, TOPIC_PREFIX=deployment.prefix
    )

    result = deployment.run(*arguments, env=environment)

    assert (result.exit_code, result.stderr) == (3, SENTENCE)
    assert deployment.ledger.events_of("u1") == before
    assert deployment.available() == 1


def test_a_replay_is_not_taken_for_the_signed_request(deployment):
    """The attribute stays on the dead letter, and is not published again."""
    signed = {"webhook-id": "msg_1"}
    message_id = deployment.add_rejected(CREATE, PRODUCT, "u1", **signed)
    [shown] = deployment.run_json("dead-letters", "--show", message_id)
    assert shown["attributes"]["webhook-id"] == "msg_1"

    deployment.run_json("replay", "--all", "--even-if-newer")

    [message] = deployment.published("product")
    assert "webhook-id" not in message.attributes
    assert message.attributes["ce-id"] == "u1"
