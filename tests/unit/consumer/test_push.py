"""Every row of the push's table: what is answered, recorded and kept."""

import pytest

from functions.consumer.dead_letter_topic import DeadLetters
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from functions.pubsub.endpoint import Endpoint
from tests.commerce.server import answer
from tests.consumer.parts import PRODUCT, SUBSCRIPTION, VALUE, Parts, Shop, push

HANDLED = {
    "type": PRODUCT,
    "response": {"success": True, "message": "Product created successfully"},
}
GONE = {"message": "No such entity with %fieldName", "parameters": {"fieldName": "sku"}}


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def parts(shop):
    return Parts(shop, MemoryStore())


def error(status: int, text: str) -> dict:
    return {"error": {"statusCode": status, "body": {"error": text}}}


def test_an_event_is_handled(parts, shop):
    assert parts.deliver(push()) == (200, HANDLED)
    assert [(r.method, r.target) for r in shop.received] == [
        ("POST", "/rest/all/V1/products")
    ]
    assert parts.outcomes() == ["handled"]


def test_its_redelivery_is_answered_without_a_call(parts, shop):
    parts.deliver(push())

    assert parts.deliver(push()) == (200, HANDLED)
    assert len(shop.received) == 1
    assert parts.outcomes() == ["handled", "duplicate"]


def test_a_namespace_before_the_events_name_is_taken_and_answered(parts):
    status, told = parts.deliver(push(event=f"acme.{PRODUCT}"))

    assert (status, told["type"]) == (200, f"acme.{PRODUCT}")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        pytest.param(
            push(event="be-observer.rocket_launch"),
            400,
            "This case type is not supported: be-observer.rocket_launch",
            id="unknown-event",
        ),
        pytest.param(
            push({"sku": "A"}),
            400,
            f"Invalid value for {PRODUCT}: name: Missing data for required field.;"
            " description: Missing data for required field.",
            id="invalid-value",
        ),
        pytest.param(
            push(data="bm8ganNvbg=="),
            400,
            "The message's data is not JSON",
            id="no-json",
        ),
        pytest.param(
            push(data="***"), 400, "The message's data is not base64", id="no-base64"
        ),
        pytest.param(
            push(messageId=None), 400, "The push has no messageId", id="no-message-id"
        ),
        pytest.param(
            {"message": [], "subscription": SUBSCRIPTION},
            400,
            "The push's message is not an object",
            id="no-message",
        ),
        pytest.param(
            push(attributes={"ce-type": 5}),
            400,
            "The attributes are not texts",
            id="attributes-of-numbers",
        ),
    ],
)
def test_what_can_never_work_is_kept_and_then_acknowledged(
    parts, shop, body, status, reason
):
    assert parts.deliver(body) == (200, error(status, reason))
    [(_, stored_status, stored_reason)] = parts.letters.stored
    assert (stored_status, stored_reason) == (status, reason)
    assert shop.received == []
    assert parts.outcomes() == ["rejected"]


def test_what_cannot_even_be_kept_is_a_crash_and_comes_again(shop):
    nowhere = DeadLetters("p", "letters", Endpoint("127.0.0.1:9", True))
    parts = Parts(shop, MemoryStore(), letters=nowhere)

    # Half a surrogate pair, which no message of protobuf's can hold.
    told = parts.deliver(push(data="***", orderingKey="\ud800"))

    assert told == (500, error(500, "Internal error"))
    assert parts.outcomes() == ["error"]


def test_what_commerce_refuses_is_kept_and_then_acknowledged(parts, shop):
    shop.says = answer(400, {"message": "Price %1 is odd", "parameters": ["x"]})

    status, told = parts.deliver(push())

    reason = "Commerce answered 400 to POST products: Price x is odd"
    assert (status, told) == (200, error(400, reason))
    assert [letter[1:] for letter in parts.letters.stored] == [(400, reason)]
    assert parts.outcomes() == ["rejected"]


def test_a_refusals_redelivery_gets_the_recorded_refusal(parts, shop):
    shop.says = answer(400, {"message": "No"})
    first = parts.deliver(push())

    assert parts.deliver(push()) == first
    assert (len(shop.received), len(parts.letters.stored)) == (1, 1)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(answer(503, {"message": "x"}), 503, id="503"),
        pytest.param(answer(500, {"message": "x"}), 500, id="500"),
        pytest.param(answer(502, b"<html>"), 502, id="502"),
        pytest.param(answer(504, b""), 504, id="504"),
        pytest.param(answer(408, b""), 408, id="408"),
        pytest.param(answer(425, b""), 425, id="425"),
        pytest.param(answer(429, {"message": "x"}), 429, id="429"),
        pytest.param(answer(401, {"message": "x"}), 401, id="401"),
        pytest.param(answer(403, {"message": "x"}), 403, id="403"),
        pytest.param(answer(404, b"<html>"), 503, id="page-not-found"),
        pytest.param(
            answer(302, b"", Location="https://a.example/"), 503, id="redirect"
        ),
        pytest.param(answer(200, b"<html>"), 503, id="page-instead-of-json"),
        pytest.param(
            answer(400, {"message": "timestamp_refused"}), 401, id="clock-refused"
        ),
        pytest.param(
            answer(400, {"message": "Unable to save product"}), 503, id="deadlock"
        ),
        pytest.param(None, 503, id="connection-dropped"),
    ],
)
def test_what_may_work_later_is_not_acknowledged(parts, shop, said, status):
    shop.says = lambda request: said

    got, told = parts.deliver(push())

    assert (got, told["error"]["statusCode"]) == (status, status)
    assert parts.letters.stored == []
    assert parts.outcomes() == ["retry"]


def test_a_timeout_is_a_504(shop):
    import time

    parts = Parts(shop, MemoryStore(), timeout="1")
    shop.says = lambda request: time.sleep(1.5)

    assert parts.deliver(push())[0] == 504


def test_what_failed_is_tried_again_and_handled(parts, shop):
    shop.says = answer(503, {"message": "x"})
    parts.deliver(push())
    shop.says = answer(200, {"id": 1})

    assert parts.deliver(push()) == (200, HANDLED)
    assert parts.outcomes() == ["retry", "handled"]


def test_a_delete_of_what_is_gone_is_handled(parts, shop):
    shop.says = answer(404, GONE)
    event = "be-observer.catalog_product_delete"

    status, told = parts.deliver(push({"sku": "A"}, event))

    assert (status, told["response"]["message"]) == (
        200,
        "Product deleted successfully",
    )


def test_without_a_place_for_dead_letters_nothing_is_acknowledged(parts, shop):
    shop.says = answer(400, {"message": "No"})
    parts.letters.away = True

    status, told = parts.deliver(push())
    assert (status, told) == (
        503,
        error(503, "The dead-letter topic cannot be reached"),
    )

    parts.letters.away = False
    assert parts.deliver(push())[0] == 200
    assert len(parts.letters.stored) == 1


def test_without_its_ledger_nothing_is_called(shop):
    class Away:
        def change(self, keys, by):
            raise LedgerUnavailable("gone")

    parts = Parts(shop, Away())

    assert parts.deliver(push()) == (503, error(503, "The ledger cannot be reached"))
    assert shop.received == []


def test_another_delivery_under_way_is_a_503(parts, shop):
    seen = []

    def meanwhile(request):
        seen.append(parts.deliver(push()))
        return answer(200, {"id": 1})

    shop.says = meanwhile

    assert parts.deliver(push()) == (200, HANDLED)
    assert seen == [(503, error(503, "Another delivery of this event is under way"))]


def test_only_words_of_our_own_are_logged(parts, shop):
    shop.says = lambda request: parts.deliver(push()) and answer(503, {"message": "No"})

    parts.deliver(push())

    lines = [line for line in parts.lines if line.get("stage") == "outcome"]
    assert [(line["status"], line.get("answer")) for line in lines] == [
        (503, "Another delivery of this event is under way"),
        (503, None),
    ]


def test_a_crash_is_a_500_without_details(parts, shop):
    shop.says = answer(200, {"id": 1})
    parts.consumer._commerce = None  # as if a part were broken

    status, told = parts.deliver(push())

    assert (status, told) == (500, error(500, "Internal error"))
    assert parts.outcomes() == ["error"]


def test_no_call_is_begun_that_could_outlast_the_time_there_is(shop):
    parts = Parts(shop, MemoryStore(), budget=4)

    status, _ = parts.deliver(push())

    assert (status, shop.received) == (503, [])


def test_the_callers_trace_goes_with_the_call(parts, shop):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = push()
    body["message"]["attributes"]["traceparent"] = trace

    parts.deliver(body)

    [request] = shop.received
    assert request.headers["traceparent"] == trace
    stages = {line["stage"] for line in parts.lines}
    assert stages == {"attempt", "call", "outcome"}
    assert {line["logging.googleapis.com/trace"] for line in parts.lines} == {
        "projects/p/traces/0af7651916cd43dd8448eb211c80319c"
    }


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer(200, {"id": 1}), id="handled"),
        pytest.param(answer(400, {"message": "No", "trace": "STACK"}), id="rejected"),
        pytest.param(answer(500, {"message": "No", "trace": "STACK"}), id="retry"),
        pytest.param(answer(200, b"<html>STACK"), id="page"),
        pytest.param(None, id="dropped"),
    ],
)
def test_nothing_of_value_or_secrets_is_logged_or_answered(parts, shop, said):
    shop.says = lambda request: said
    value = {**VALUE, "sku": "SKU-PII", "name": "NAME-PII", "description": "TEXT-PII"}

    _, told = parts.deliver(push(value))

    everything = parts.raw.decode() + str(told)
    leaked = [
        word
        for word in ("-PII", "very-secret", "STACK", "OAuth ")
        if word in everything
    ]
    assert leaked == []


def test_a_line_carries_the_vocabularys_labels(parts):
    parts.deliver(push())

    [line] = [line for line in parts.lines if line["stage"] == "outcome"]
    assert line["logging.googleapis.com/labels"] == {
        "event": PRODUCT,
        "entity": "product",
        "uid": "15",
        "outcome": "handled",
        "attempt": "1",
        "ms": str(line["ms"]),
    }
    assert (line["status"], line["message_id"]) == (200, "m1")
