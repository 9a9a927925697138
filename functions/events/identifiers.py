"""Identifiers in the form in which Commerce compares them."""


def normalize_sku(sku: str) -> str:
    """The form that all spellings of one SKU share.

    MySQL's collation ignores case and trailing blanks (magento2#12073). Not casefold:
    ``ß`` and ``ss`` are different to the database.
    """
    return sku.rstrip(" ").lower()
