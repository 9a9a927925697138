"""What the stand-in simulates of Commerce, and what of it can be switched.

Commerce versions, set-ups and web servers differ; a switch has the name of the
behaviour that it changes.
"""

from dataclasses import dataclass

BEHAVIOURS = {
    "authentication": "OAuth 1.0a signatures, nonces and timestamps are verified, and"
    " IMS tokens with their headers.",
    "refuses_encoded_signed_paths": "Under OAuth 1.0a, a path with percent-encoded"
    " characters gets 401 “The signature is invalid”.",
    "refuses_encoded_slashes": "The web server answers %2F in a path with 404.",
    "comparison": "SKUs, e-mail addresses and codes compare without case and trailing"
    " blanks, and are stored as posted.",
    "upsert": "POST products and PUT products create or update; the SKU in the body"
    " decides which product.",
    "price_required": "A new simple product without a price is rejected.",
    "drops_price_without_type": "POST products without type_id creates a product and"
    " drops its price.",
    "attribute_set": "An update with another attribute set moves the product to it.",
    "websites": "A new product is assigned to every website (scope all), to that of the"
    " store view, or to those that are sent.",
    "store_views": "A call through a store view's code overrides values for that view"
    " only.",
    "unique_email": "An e-mail address is unique per website.",
    "partial_customer_resets": "A customer's PUT resets group, store, default addresses"
    " and custom attributes that it does not name.",
    "website_required": "A customer's PUT without website_id is rejected.",
    "group_codes": "Customer group codes are unique and cut at 32 bytes; default groups"
    " cannot be deleted.",
    "comment_without_status": "An order comment without a status clears the order's"
    " status (clears) or leaves it (keeps).",
    "comment_status": "An order comment may set a status of the order's state (state)"
    " or the present one only (current).",
    "shipments": "A shipment takes stock from its source; no more ships than is left.",
    "shipment_without_id": "POST shipment without a known entity_id creates a shipment"
    " and changes neither quantities nor state of the order.",
    "unknown_sources": "Stock of an unknown source gets 400 “Could not save Source"
    " Item”, and the whole array is rolled back.",
    "input_limits": "A call has at most max_items stock rows, a page at most 300 rows.",
    "max_items": "The number of stock rows that one call may have.",
    "eventing": "Subscriptions to Commerce's events are kept and listed; events are"
    " delivered with or without one.",
    "event_duplicates": "Each event of Commerce is delivered twice.",
    "event_batches": "Events of Commerce are gathered for half a second and delivered"
    " in lists of at most 20.",
    "empty_objects": "An object of which fields= leaves nothing is answered as [].",
}


@dataclass
class Switches:
    """The behaviours that can be changed while the stand-in runs.

    Attributes:
        comment_without_status: ``clears`` (as before Commerce fixed AC-1342: the order
            vanishes from the list) or ``keeps``.
        comment_status: ``state`` (later versions) or ``current`` (2.4.7).
        drops_price_without_type: as some versions do (magento2#8171).
        input_limits: off by default in Commerce, on here.
        max_items: Commerce's default for synchronous calls.
    """

    comment_without_status: str = "clears"
    comment_status: str = "state"
    drops_price_without_type: bool = True
    event_batches: bool = False
    event_duplicates: bool = False
    input_limits: bool = True
    max_items: int = 20
    partial_customer_resets: bool = True
    price_required: bool = True
    refuses_encoded_signed_paths: bool = True
    refuses_encoded_slashes: bool = False
    website_required: bool = False

    def change(self, **settings: object) -> None:
        """Set switches by name; all of *settings* or none.

        Raises:
            ValueError: no such switch, or it does not take that value.
        """
        for name, value in settings.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"unknown switch {name}")
            choices = CHOICES.get(name)
            if choices and value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
            if not choices and type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} must be {type(getattr(self, name)).__name__}")
        for name, value in settings.items():
            setattr(self, name, value)


CHOICES = {
    "comment_without_status": ("clears", "keeps"),
    "comment_status": ("state", "current"),
}
