"""Adobe's own samples: 15 are accepted, two rejected with the errors they have."""

import json

import pytest

from tests.support import machine
from tests.support.ingest_app import event, post

pytestmark = pytest.mark.adobe

MISSING = ["Missing data for required field."]
# The errors of Adobe's documentation: comments for comment, an object for a list.
REJECTED = {
    "docs.shipment.create": {
        "data.value.comments": ["Unknown field."],
        "data.value.comment": MISSING,
    },
    "docs.stock.update": {"data.value": ["Must be a list."]},
}


def test_15_of_adobes_17_samples_are_accepted(client, publisher):
    samples = json.loads((machine.reference() / "kit-samples.json").read_text())
    responses = {
        s["id"]: post(client, event(s["id"], s["event"], s["data"])) for s in samples
    }
    rejected = {i: a.json() for i, a in responses.items() if a.status_code != 200}

    assert len(responses) == 17
    assert {i: body["errors"] for i, body in rejected.items()} == REJECTED
    assert len(publisher.published) == 15
