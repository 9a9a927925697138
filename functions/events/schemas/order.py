"""Values of the order events, shipments included."""

from marshmallow import fields

from functions.events.fields import (
    MAX_QUANTITY,
    MAX_TEXT_BYTES,
    MAX_VARCHAR_LENGTH,
    Boolean,
    Id,
    Number,
    ObjectList,
    Text,
)
from functions.events.schemas import ClosedSchema, OpenSchema

MAX_CARRIER_LENGTH = 32


class OrderStatusUpdate(OpenSchema):
    """The new status of an order."""

    id = Id(required=True)
    status = Text(required=True)
    notifyCustomer = Boolean()


class NewItem(ClosedSchema):
    """The shipped quantity of an order item."""

    orderItemId = Id(required=True)
    qty = Number(required=True, limit=MAX_QUANTITY)


class NewTrack(ClosedSchema):
    """A parcel's tracking number."""

    trackNumber = Text(required=True, max_bytes=MAX_TEXT_BYTES)
    title = Text(required=True, min_length=0, max_length=MAX_VARCHAR_LENGTH)
    carrierCode = Text(required=True, max_length=MAX_CARRIER_LENGTH)


class NewComment(ClosedSchema):
    """A comment on a new shipment."""

    comment = Text(required=True, min_length=0, max_bytes=MAX_TEXT_BYTES)
    visibleOnFront = Boolean(required=True)


class ShipmentCreate(ClosedSchema):
    """A new shipment; an empty list of items ships all that remain."""

    orderId = Id(required=True)
    items = ObjectList(NewItem, required=True)
    tracks = ObjectList(NewTrack, required=True)
    comment = fields.Nested(NewComment, required=True)
    stockSourceCode = Text(required=True, max_length=MAX_VARCHAR_LENGTH)


class ChangedItem(NewItem):
    """An item of an existing shipment."""

    entityId = Id(required=True)


class ChangedTrack(NewTrack):
    """A parcel of an existing shipment."""

    entityId = Id(required=True)


class ChangedComment(NewComment):
    """A comment on an existing shipment."""

    entityId = Id(required=True)
    notifyCustomer = Boolean(required=True)


class ShipmentUpdate(ClosedSchema):
    """The current state of a shipment."""

    id = Id(required=True)
    orderId = Id(required=True)
    items = ObjectList(ChangedItem, required=True)
    tracks = ObjectList(ChangedTrack, required=True)
    comments = ObjectList(ChangedComment, required=True)
    stockSourceCode = Text(required=True, max_length=MAX_VARCHAR_LENGTH)
