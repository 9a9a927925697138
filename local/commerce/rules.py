"""How this Commerce behaves where Commerces differ: by version, set-up or server."""

from dataclasses import dataclass


@dataclass
class Rules:
    """Switches, changed while it runs; each cites the lines of commerce.md it is from.

    Attributes:
        input_limits: a call takes at most ``most_items`` source items, a page at most
            300 rows, and 20 where nothing is said (section 3, "Input limits"; Q16).
        most_items: see above; 20 is Commerce's for synchronous calls.
        comment_without_status: ``empties`` (before the fix of AC-1342: the order's
            status becomes NULL, the order vanishes from the list) or ``keeps`` (Q5).
        comment_status: ``state`` (later versions: a status of the order's state) or
            ``current`` (2.4.7: only the one it has) (Q5).
        refuses_encoded_signed_paths: OAuth 1.0a of a path with percent-encoded
            characters is always wrong (Q3).
        refuses_encoded_slashes: the web server turns ``%2F`` away (Q3).
        partial_customer_resets: a PUT without group, store or default addresses
            resets them (older versions; section 3, operations).
        website_demanded: a PUT of a customer must name the website (section 3).
        price_required: a new simple product must have a price (Q11).
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
