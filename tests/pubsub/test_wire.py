"""What is written and read by hand is what Google's own classes write and read."""

import pytest
from google.protobuf import wrappers_pb2
from google.protobuf.struct_pb2 import Value
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.pubsub import wire
from local.broker.pubsub_pb2 import PublishRequest, PublishResponse, PubsubMessage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
# Lengths of one byte, of two, of three and of four; 10 MB is Pub/Sub's limit.
LENGTHS = (0, 1, 127, 128, 16_383, 16_384, 10_000_000)


@settings(deadline=None)
@given(
    TEXT,
    st.binary(max_size=300),
    st.dictionaries(TEXT | st.sampled_from(sorted(wire.FRESH)), TEXT),
    TEXT,
)
def test_a_request_reads_as_it_was_meant(topic, data, attributes, key):
    request = wire.publish_request(topic, data, attributes, key)

    message = PubsubMessage(data=data, attributes=attributes, ordering_key=key)
    meant = PublishRequest(topic=topic, messages=[message])
    assert PublishRequest.FromString(request) == meant


@pytest.mark.parametrize("length", LENGTHS)
def test_a_request_may_be_of_any_length(length):
    attributes = {"ce-id": "u" * length, "a" * length: "é" * length}
    request = wire.publish_request("t" * length, b"d" * length, attributes, "")

    [message] = PublishRequest.FromString(request).messages
    assert message.data == b"d" * length
    assert dict(message.attributes) == attributes


def test_what_is_empty_or_nul_is_as_googles_classes_have_it():
    attributes = {"": "", "a": "", "nul\0": "\0", "ce-id": ""}
    request = wire.publish_request("", b"", attributes, "")

    [message] = PublishRequest.FromString(request).messages
    assert message == PubsubMessage(attributes=attributes)
    assert dict(message.attributes) == attributes


def test_what_utf_8_cannot_hold_is_not_sent():
    with pytest.raises(UnicodeEncodeError):
        wire.publish_request("t", b"", {"ce-id": "\ud800"}, "")


@settings(deadline=None)
@given(st.lists(TEXT))
def test_the_ids_of_an_answer_are_read(ids):
    answer = PublishResponse(message_ids=ids).SerializeToString()

    assert wire.message_ids(answer) == ids


def test_fields_of_a_later_version_are_passed_over():
    unknown = [
        Value(number_value=1.5),  # 8 bytes
        wrappers_pb2.FloatValue(value=1.5),  # 4
        wrappers_pb2.UInt64Value(value=2**64 - 1),  # groups of 7 bits
        PubsubMessage(ordering_key="k" * 200),  # with its length before
    ]
    known = PublishResponse(message_ids=["1"]).SerializeToString()
    answer = b"".join(one.SerializeToString() for one in unknown) + known

    assert wire.message_ids(answer) == ["1"]


def test_what_is_cut_short_is_no_answer():
    answer = PublishResponse(message_ids=["1" * 200]).SerializeToString()

    for end in range(1, len(answer)):
        with pytest.raises(ValueError, match="cut short"):
            wire.message_ids(answer[:end])


@pytest.mark.parametrize("answer", [b"\x0b", b"\x0f", b"\x0a\x01\xff"])
def test_what_is_no_protobuf_is_no_answer(answer):
    with pytest.raises(ValueError, match="protobuf|utf-8"):
        wire.message_ids(answer)
