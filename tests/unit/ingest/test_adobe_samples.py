"""Adobe's own samples: 15 are taken, two are refused with an answer that says why."""

import json

import pytest

from tests import machine
from tests.ingest.served import event, post

pytestmark = pytest.mark.adobe

MISSING = ["Missing data for required field."]
# What is wrong in Adobe's documentation: comments for comment, an object for a list.
REFUSED = {
    "docs.shipment.create": {
        "data.value.comments": ["Unknown field."],
        "data.value.comment": MISSING,
    },
    "docs.stock.update": {"data.value": ["Invalid input type."]},
}


def test_adobes_samples(client, pubsub):
    samples = json.loads((machine.reference() / "kit-samples.json").read_text())
    answers = {
        s["id"]: post(client, event(s["id"], s["event"], s["data"])) for s in samples
    }
    refused = {i: a.json() for i, a in answers.items() if a.status_code != 200}

    assert len(answers) == 17
    assert {i: told["errors"] for i, told in refused.items()} == REFUSED
    assert len(pubsub.stored) == 15
