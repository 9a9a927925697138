"""What differs between Commerce versions, set-ups and web servers, as switches."""

from dataclasses import dataclass


@dataclass
class Rules:
    """The switches, which can be changed while the stand-in runs.

    Attributes:
        input_limits: off by default at Commerce; here on.
        most_items: 20 is Commerce's for synchronous calls.
        comment_without_status: ``empties`` (before the fix of AC-1342: the order
            vanishes from the list) or ``keeps``.
        comment_status: ``state`` (later versions) or ``current`` (2.4.7).
        drops_price_without_type: of a product that a POST without ``type_id`` creates
            (magento2#8171).
    """

    input_limits: bool = True
    most_items: int = 20
    comment_without_status: str = "empties"
    comment_status: str = "state"
    refuses_encoded_signed_paths: bool = True
    refuses_encoded_slashes: bool = False
    partial_customer_resets: bool = True
    website_demanded: bool = False
    price_required: bool = True
    drops_price_without_type: bool = True

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
