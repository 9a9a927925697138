"""Values of the order events, shipments included."""

from marshmallow import fields

from functions.events.fields import Flag, Id, Number, Rows, Text
from functions.events.schemas import Closed, Open


class OrderStatusUpdate(Open):
    """The status an order has in the back office."""

    id = Id(required=True)
    status = Text(required=True)
    notifyCustomer = Flag()


class NewItem(Closed):
    """How much of an order's item was shipped."""

    orderItemId = Id(required=True)
    qty = Number(required=True)


class NewTrack(Closed):
    """A parcel on its way."""

    trackNumber = Text(required=True)
    title = Text(required=True, least=0)
    carrierCode = Text(required=True)


class NewComment(Closed):
    """What is said about a shipment."""

    comment = Text(required=True, least=0)
    visibleOnFront = Flag(required=True)


class ShipmentCreate(Closed):
    """What left the warehouse; no items at all means all that is left to ship."""

    orderId = Id(required=True)
    items = Rows(NewItem, required=True)
    tracks = Rows(NewTrack, required=True)
    comment = fields.Nested(NewComment, required=True)
    stockSourceCode = Text(required=True)


class ChangedItem(NewItem):
    """An item of a shipment there is."""

    entityId = Id(required=True)


class ChangedTrack(NewTrack):
    """A parcel of a shipment there is."""

    entityId = Id(required=True)


class ChangedComment(NewComment):
    """A comment on a shipment there is."""

    entityId = Id(required=True)
    notifyCustomer = Flag(required=True)


class ShipmentUpdate(Closed):
    """A shipment as it is now."""

    id = Id(required=True)
    orderId = Id(required=True)
    items = Rows(ChangedItem, required=True)
    tracks = Rows(ChangedTrack, required=True)
    comments = Rows(ChangedComment, required=True)
    stockSourceCode = Text(required=True)
