"""What it refuses, in Commerce's words: a template, and its parameters beside it."""

import pytest

from tests.local.commerce.refusals import DOCUMENT, REFUSALS, product, ship


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message", "parameters"), REFUSALS
)
def test_it_refuses_in_commerces_words(
    commerce, method, path, body, status, message, parameters
):
    said = commerce.ask(method, path, body)

    wanted = {"message": message}
    if parameters is not None:
        wanted["parameters"] = parameters
    assert said == (status, wanted)
    assert commerce.effects() == []


def test_a_body_that_is_not_called_json_is_refused(commerce):
    def changed(headers):
        headers["Content-Type"] = "text/plain"

    said = commerce.ask("POST", "products", product(), changed=changed)

    assert said == (
        400,
        {
            "message": "Server cannot understand Content-Type HTTP header media type"
            " %1",
            "parameters": ["text/plain"],
        },
    )


def test_an_order_that_is_shipped_ships_no_more(commerce):
    assert commerce.ask("POST", "order/8/ship", {}).status == 200

    said = commerce.ask("POST", "order/8/ship", ship((8, 1)))

    assert said.status == 400
    assert said.document["message"].startswith(
        f"{DOCUMENT}The order does not allow a shipment to be created."
    )
