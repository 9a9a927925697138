"""Values of the order events, shipments included."""

from marshmallow import fields

from functions.events.fields import Boolean, Id, Number, ObjectList, Text
from functions.events.schemas import ClosedSchema, OpenSchema


class OrderStatusUpdate(OpenSchema):
    """The new status of an order."""

    id = Id(required=True)
    status = Text(required=True)
    notifyCustomer = Boolean()


class NewItem(ClosedSchema):
    """The shipped quantity of an order item."""

    orderItemId = Id(required=True)
    qty = Number(required=True)


class NewTrack(ClosedSchema):
    """A parcel's tracking number."""

    trackNumber = Text(required=True)
    title = Text(required=True, min_length=0)
    carrierCode = Text(required=True)


class NewComment(ClosedSchema):
    """A comment on a new shipment."""

    comment = Text(required=True, min_length=0)
    visibleOnFront = Boolean(required=True)


class ShipmentCreate(ClosedSchema):
    """A new shipment; an empty list of items ships all that remain."""

    orderId = Id(required=True)
    items = ObjectList(NewItem, required=True)
    tracks = ObjectList(NewTrack, required=True)
    comment = fields.Nested(NewComment, required=True)
    stockSourceCode = Text(required=True)


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
    stockSourceCode = Text(required=True)
