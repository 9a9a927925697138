"""The short way past marshmallow ends where marshmallow's own would."""

import copy
from functools import partial

import hypothesis
import pytest
from hypothesis import strategies as st
from marshmallow import INCLUDE, Schema, ValidationError, validates_schema
from marshmallow.fields import Dict, Nested
from marshmallow.validate import Range

from functions.events import samples
from functions.events.catalog import EVENTS
from functions.events.fields import Number, Rows, Text
from functions.events.schemas import Closed, Open

ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)


@st.composite
def changed_samples(draw):
    """A schema, and what is nearly one of its values."""
    name = draw(st.sampled_from(sorted(EVENTS)))
    schema, value = EVENTS[name].schema, samples.value(name)
    value = dict(value[0] if schema.many else value)
    for key in draw(st.lists(st.sampled_from([*value, "more"]), max_size=2)):
        value.pop(key, None)
        if draw(st.booleans()):
            value[key] = draw(ODD)
    return schema, value


def outcome(load, value):
    """What *load* makes of *value*: the value or the faults."""
    try:
        return load(value, many=False)
    except ValidationError as error:
        return error.messages


@hypothesis.settings(deadline=None)  # a busy machine is no fault of ours
@hypothesis.given(changed_samples())
def test_the_short_way_and_marshmallows_own_agree(case):
    schema, value = case

    ours = outcome(schema.load, value)

    assert ours == outcome(partial(Schema.load, schema), value)


class Positive(Open):
    """A schema with whatever marshmallow offers, as an integrator may write it."""

    number = Number(required=True, validate=Range(min=1))
    code = Text(pre_load=str.strip, post_load=str.upper)
    kind = Text(load_default="simple")
    size = Number(data_key="length")


class Fits(Open):
    """A schema with a rule of its own over two fields."""

    least = Number(required=True)
    most = Number(required=True)

    @validates_schema
    def in_order(self, data, **_):
        """least is not above most."""
        if data["least"] > data["most"]:
            raise ValidationError("upside down")


def test_what_marshmallow_offers_beside_is_there():
    assert Positive().load({"number": 1, "code": " a ", "length": 2}) == {
        "number": 1,
        "code": "A",
        "kind": "simple",
        "size": 2,
    }
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Positive().load({"number": 0})
    with pytest.raises(ValidationError, match="upside down"):
        Fits().load({"least": 2, "most": 1})


SMALL = {"number": ["Must be greater than or equal to 1."]}


class Counted(Number):
    """A field that is given its validator as marshmallow's own ``Email`` is."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.validators.append(Range(min=1))


class Even(Number):
    """A field with a rule of its own."""

    def _validate(self, value):
        """It is even."""
        super()._validate(value)
        if value % 2:
            raise ValidationError("odd")


class Halved(Number):
    """A field that loads otherwise than the others."""

    def deserialize(self, value, attr=None, data=None, **kwargs):
        """Half of it."""
        return super().deserialize(value, attr, data, **kwargs) / 2


class Bound(Open):
    """A schema that completes its fields when it is made."""

    number = Number()

    def on_bind_field(self, field_name, field_obj):
        """Each is at least 1."""
        field_obj.validators = [Range(min=1)]


@pytest.mark.parametrize(
    ("schema", "value", "loaded"),
    [
        (Bound(), {"number": 0}, SMALL),
        (Open.from_dict({"number": Counted()})(), {"number": 0}, SMALL),
        (Open.from_dict({"number": Even()})(), {"number": 1}, {"number": ["odd"]}),
        (Open.from_dict({"number": Halved()})(), {"number": 4}, {"number": 2}),
        (Open.from_dict({"of": Nested(Bound)})(), {"of": {"number": 0}}, {"of": SMALL}),
        (Open.from_dict({"any": Dict()})(), {"any": {"a": 1}}, {"any": {"a": 1}}),
    ],
)
def test_what_an_integrator_adds_is_heeded(schema, value, loaded):
    assert outcome(schema.load, value) == loaded


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Open.from_dict({"number": Number()})(unknown=INCLUDE), {"number": 1, "x": 2}),
        (Open.from_dict({"text": Text(allow_none=True)})(), {"text": None}),
        (Open.from_dict({"text": Text(dump_only=True)})(), {"text": "a"}),
        (Closed.from_dict({"text": Text(dump_only=True)})(), {"text": "a"}),
        (Closed.from_dict({"text": Text(load_only=True)})(), {"text": "a"}),
        (Open.from_dict({"text": Text(required=True)})(partial=True), {}),
        (Open.from_dict({"text": Text(), "more": Text()})(only=["more"]), {"text": 1}),
    ],
)
def test_what_a_schema_may_be_told_is_heeded(schema, value):
    given = copy.deepcopy(value)

    ours = outcome(schema.load, value)

    assert ours == outcome(partial(Schema.load, schema), value)
    assert value == given


def test_rows_are_not_those_given():
    schema = Open.from_dict({"rows": Rows(Positive)})()
    value = {"rows": [{"number": 1, "x": 2}]}

    loaded = schema.load(value)
    loaded["rows"][0]["number"] = 3

    assert value == {"rows": [{"number": 1, "x": 2}]}
    assert loaded == {"rows": [{"number": 3, "kind": "simple"}]}
