"""Customers and groups have a name when we create them, and an id when it is reported.

The first event of a resource is always delivered: by it the third party learns the id.
"""

import pytest

from tests.support.commerce_adapter import reply
from tests.support.two_deployments import TwoDeployments

CREATE_CUSTOMER = "be-observer.customer_create"
CREATE_GROUP = "be-observer.customer_group_create"
CUSTOMER_SAVED = "commerce.customer.updated"
GROUP_SAVED = "commerce.customer-group.updated"
JANE = {"email": "Jane@x.example", "name": "Jane", "lastname": "Doe"}
CUSTOMER = {
    "id": "15",
    "email": "Jane@x.example",
    "firstname": "Jane",
    "lastname": "Doe",
    "group_id": "1",
}
GROUP = {"customer_group_id": "5", "customer_group_code": "Big", "tax_class_id": "3"}
CREATED = pytest.mark.parametrize(
    ("create", "value", "saved", "reported", "key"),
    [
        (CREATE_CUSTOMER, JANE, CUSTOMER_SAVED, CUSTOMER, "id"),
        (
            CREATE_GROUP,
            {"name": "Big", "taxClassId": 3},
            GROUP_SAVED,
            GROUP,
            "customer_group_id",
        ),
    ],
)
LOST = reply(500, {"message": "Lost"})
EXISTS = reply(
    400,
    {
        "message": "A customer with the same email address already exists in an"
        " associated website."
    },
)


def created(two, event=CREATE_CUSTOMER, value=JANE, answer=15, meanwhile=None):
    """Deliver the creation; *meanwhile* happens before its response."""

    def respond(request):
        if meanwhile:
            meanwhile()
        return reply(200, {"id": answer})

    two.change(event, value, respond)


@CREATED
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_creation_is_recognised_before_and_after_its_result(
    create, value, saved, reported, key, before
):
    """Of two events, *before* arrive before the result is recorded."""
    two, outcomes = TwoDeployments(), []

    def report(times):
        outcomes.extend(two.report(saved, reported) for _ in range(times))

    created(two, create, value, int(reported[key]), lambda: report(before))
    report(3 - before)

    assert outcomes == ["handled", "own change", "handled"]


def test_an_unknown_outcome_is_recognised_too():
    """The response with the id is lost, and the next attempt finds the customer."""
    two = TwoDeployments()
    message = {"message_id": "m", "uid": "u"}
    two.change(CREATE_CUSTOMER, JANE, LOST, "retry", **message)
    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"
    two.change(CREATE_CUSTOMER, JANE, EXISTS, **message)

    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "own change"


def test_a_creation_without_effect_is_no_change():
    two = TwoDeployments()
    two.change(CREATE_CUSTOMER, JANE, EXISTS, "rejected")

    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"
    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    "other",
    [
        {"id": "16", "email": "another.jane@x.example"},
        {"id": "16"},  # of another website: Commerce allows the same address there
    ],
)
def test_another_customer_of_the_same_name_is_delivered(before, other):
    two, outcomes = TwoDeployments(), []

    def report():
        outcomes.append(two.report(CUSTOMER_SAVED, {**CUSTOMER, **other}))

    created(two, meanwhile=report if before else None)
    report()
    outcomes.append(two.report(CUSTOMER_SAVED, {**CUSTOMER, **other, "group_id": "2"}))

    assert outcomes[0] == outcomes[-1] == "handled"


def test_another_customer_leaves_the_completed_note():
    two = TwoDeployments()
    created(two)

    assert two.report(CUSTOMER_SAVED, {**CUSTOMER, "id": "16"}) == "handled"
    assert two.report(CUSTOMER_SAVED, {**CUSTOMER, "id": "16"}) == "handled"
    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"
    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "own change"


EDITS = pytest.mark.parametrize(
    "edited",
    [{"email": "new@x.example"}, {"firstname": "Janet"}, {"group_id": "2"}],
)


@EDITS
@pytest.mark.parametrize("moment", ["during the call", "at once", "later"])
def test_an_edit_of_a_new_customer_is_delivered(edited, moment):
    """Also its undoing, which carries exactly what we set."""
    two, outcomes = TwoDeployments(), []
    edit = {**CUSTOMER, **edited}

    def report(value):
        two.clock.now += 1
        outcomes.append(two.report(CUSTOMER_SAVED, value))

    created(two, meanwhile=lambda: report(edit) if moment == "during the call" else 0)
    if moment == "later":
        report(CUSTOMER)
    if moment != "during the call":
        report(edit)
    report(CUSTOMER)

    assert set(outcomes) == {"handled"}


def test_an_update_and_its_undoing_by_a_person_are_delivered():
    """The note of the creation does not outlive that of a later change."""
    two = TwoDeployments()
    created(two)
    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"
    two.clock.now += 5
    two.change("be-observer.customer_update", {**JANE, "id": 15, "name": "Janet"})
    janet = {**CUSTOMER, "firstname": "Janet"}
    assert two.report(CUSTOMER_SAVED, janet) == "own change"
    two.clock.now += 5

    assert two.report(CUSTOMER_SAVED, CUSTOMER) == "handled"


def test_the_name_is_looked_up_for_a_first_event_alone():
    two, looked_up = TwoDeployments(), []
    notes = two.outbound.ledger.notes
    two.outbound.ledger.notes = lambda name: looked_up.append(name) or notes(name)
    created(two)
    for _ in range(3):
        two.report(CUSTOMER_SAVED, CUSTOMER)

    assert len(looked_up) == 1


def test_a_person_who_is_forgotten_takes_the_note_along():
    two = TwoDeployments()
    created(two)

    changed, _ = two.inbound.ledger.forget_resource("customer:jane@x.example")

    assert changed == 2
    assert not any(r.get("notes") for r in two.inbound.ledger.store._records.values())
