"""The rules of this Commerce, each with the words that it was read from.

They are quoted from the notes that the package's docstring tells of.
Some Commerces differ by version, set-up or server: those rules can be switched.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Rule(NamedTuple):
    """What holds, and where that is written.

    Attributes:
        place: how the line of these notes begins.
        quote: words of that line.
    """

    says: str
    place: str
    quote: str


ERRORS, ROUTES = "**Errors.**", "Status mapping there"
OAUTH1, SIGNED = "- HMAC-SHA256 only", "- The signed URL"
IMS, HEADERS = "- POST `https://ims", "- Headers on Commerce calls"
LIMITS, ADDRESS = "**Input limits**", "**Base URL.**"
POST_PRODUCT, PUT_PRODUCT = "| POST products |", "| PUT products/{sku} |"
PUT_CUSTOMER, LEVELS = "| PUT customers/{id} |", "| POST inventory/source-items |"

RULES = {
    # the path
    "slash_divides_a_path": Rule(
        "a bare slash in a SKU makes two segments of it", "Q2.", "two segments"
    ),
    "dots_walk_up": Rule(
        "two dots in a path lead to another thing", "Q2.", "path traversal by payload"
    ),
    "plus_is_a_blank": Rule(
        "a bare plus in a path means a blank", "Q2.", "PHP decodes as space"
    ),
    "question_mark_ends_a_path": Rule(
        "what follows a bare question mark is no part of a SKU", "Q2.", "`A?B#C`"
    ),
    "refuses_encoded_signed_paths": Rule(
        "OAuth 1.0a of a path with percent-encoded characters is always wrong",
        "Q3.",
        "Escaped SKU + OAuth1 answers 401",
    ),
    "refuses_encoded_slashes": Rule(
        "the web server turns %2F away", "Q3.", "`AllowEncodedSlashes NoDecode`"
    ),
    "unknown_route": Rule(
        "an address that leads nowhere is a 404 about the route",
        ROUTES,
        "Request does not match any route.",
    ),
    "base_url": Rule("REST is below rest/ alone", ADDRESS, "https://<host>/rest/"),
    "store_header": Rule(
        "the scope of SaaS is in a header", ADDRESS, "scope by header `Store:"
    ),
    "ids_are_integers": Rule("an id is a whole number", "Q15.", "`customers/1.5`"),
    "errors_are_templates": Rule(
        "a message has its parameters beside it", ERRORS, "`message` is unrendered"
    ),
    # who asks
    "oauth1_signature": Rule(
        "the signature is over what is sent", SIGNED, "must be exactly what is sent"
    ),
    "oauth1_nonce": Rule("a nonce is good once", SIGNED, "401 `nonce_used`"),
    "oauth1_time": Rule("a clock may not differ", SIGNED, "400 `timestamp_refused`"),
    "oauth1_method": Rule("HMAC-SHA256 alone", OAUTH1, "SHA1 rejected since 2.4.4"),
    "oauth1_seven": Rule("seven parameters, no realm", OAUTH1, "**no realm**"),
    "ims_credentials": Rule(
        "a token is for client id and secret", IMS, "client_id, client_secret, scope"
    ),
    "ims_scope": Rule("a token needs Commerce's scope", IMS, "`commerce.accs`"),
    "ims_headers": Rule(
        "a token comes with key and organisation", HEADERS, "x-gw-ims-org-id: org"
    ),
    # products
    "body_sku_decides": Rule(
        "a PUT changes the product that its body names",
        "Q3.",
        "A PUT needs only a correct body SKU",
    ),
    "post_is_an_upsert": Rule(
        "POST products changes a product that is there",
        POST_PRODUCT,
        "second POST updates",
    ),
    "put_creates": Rule(
        "PUT creates a product that is not there", PUT_PRODUCT, "creates when absent"
    ),
    "update_moves_to_a_set": Rule(
        "an attribute set that is sent moves the product to it",
        "Q11.",
        "**moves** an existing product to set 4",
    ),
    "price_required": Rule(
        "a new simple product must have a price", "Q11.", "simple product wants a price"
    ),
    "views_override": Rule(
        "a store view's call writes values for that view alone",
        "Q12.",
        "store-view overrides, not global values",
    ),
    # customers and groups
    "email_is_unique": Rule(
        "an e-mail address is there once per website",
        "Q6.",
        "A customer with the same email address already exists",
    ),
    "partial_customer_resets": Rule(
        "a PUT without group, store or default addresses resets them",
        PUT_CUSTOMER,
        "may reset group_id/store_id/default addresses",
    ),
    "website_demanded": Rule(
        "a PUT of a customer must name the website",
        PUT_CUSTOMER,
        "`website_id` may be demanded",
    ),
    "group_code_is_unique": Rule(
        "a group's code is there once", "Q6.", "Customer Group already exists."
    ),
    "default_groups_stay": Rule(
        "groups used as default are not removed",
        "| DELETE products/{sku}",
        "default customer groups are refused",
    ),
    "gone_is_404": Rule("nothing is removed twice", "Q6.", "DELETE repeat -> 404"),
    # orders and shipments
    "comment_without_status": Rule(
        "a comment that names no status empties the order's, or keeps it",
        "Q5.",
        "order status set to NULL",
    ),
    "comment_status": Rule(
        "a comment names a status of the order's state, or its very status",
        "Q5.",
        "refused unless equal to the current one",
    ),
    "comments_add_up": Rule(
        "a repeat adds a comment", "Q6.", "every retry adds a comment"
    ),
    "shipment_source": Rule(
        "the source is read in arguments, and what is at the top is dropped",
        "Q4.",
        "arguments.extension_attributes.source_code",
    ),
    "source_must_have_it": Rule(
        "a source ships what it has", "Q4.", "Not all of your products are available"
    ),
    "shipped_once": Rule(
        "no more is shipped than is left", "Q6.", "validates shipped quantity"
    ),
    "full_shipment_once": Rule(
        "an order that is shipped ships no more",
        "Q6.",
        "The order does not allow a shipment to be created",
    ),
    "partial_shipments_add_up": Rule(
        "a repeat ships again what is left",
        "Q6.",
        "a repeat of a *partial* shipment ships again",
    ),
    "no_items_ship_all": Rule(
        "a shipment of no items takes all", "Q15.", "empty items/tracks"
    ),
    "shipment_without_id": Rule(
        "POST shipment makes one where it names none, unseen by the order",
        "Q7.",
        "**creates** a shipment otherwise",
    ),
    "parts_change_hands": Rule(
        "a part named by its id becomes this shipment's", "Q7.", "ShipmentRepository"
    ),
    # stock
    "input_limits": Rule("a call has a size", LIMITS, "20 entities sync"),
    "most_items": Rule("20 rows at most", "Q16.", "when enabled, is 20 entities"),
    "pages_end": Rule("a page has an end", LIMITS, "page size max 300"),
    "all_levels_or_none": Rule(
        "one wrong level refuses all", "Q16.", "Partial failure = whole call fails"
    ),
    "levels_are_absolute": Rule(
        "a level takes the place of the one before", LEVELS, "absolute set"
    ),
}


@dataclass
class Rules:
    """The rules that can be switched, changed while it runs.

    Attributes:
        input_limits: off by default at Commerce; here on.
        most_items: 20 is Commerce's for synchronous calls.
        comment_without_status: ``empties`` (before the fix of AC-1342: the order
            vanishes from the list) or ``keeps``.
        comment_status: ``state`` (later versions) or ``current`` (2.4.7).
    """

    input_limits: bool = True
    most_items: int = 20
    comment_without_status: str = "empties"
    comment_status: str = "state"
    refuses_encoded_signed_paths: bool = False
    refuses_encoded_slashes: bool = False
    partial_customer_resets: bool = True
    website_demanded: bool = False
    price_required: bool = True

    def change(self, **switches: object) -> None:
        """Set *switches*.

        Raises:
            ValueError: there is no such switch, or it does not take that value.
        """
        for name, value in switches.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"there is no rule {name}")
            allowed = CHOICES.get(name)
            if allowed and value not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}")
            if not allowed and type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} is {type(getattr(self, name)).__name__}")
        for name, value in switches.items():
            setattr(self, name, value)


CHOICES = {
    "comment_without_status": ("empties", "keeps"),
    "comment_status": ("state", "current"),
}
