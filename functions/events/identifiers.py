"""Identifiers in the form in which Commerce compares them."""


def normalize_identifier(text: str) -> str:
    """The form that all spellings of one SKU, e-mail address or code share.

    MySQL's collation ignores case and trailing blanks (magento2#12073). Not casefold:
    ``ß`` and ``ss`` are different to the database.
    """
    return text.rstrip(" ").lower()


def watermark_name(sku: str, source: str) -> str:
    """``stock:SKU@source``, as Commerce compares them.

    The last @ separates, since a SKU may contain others.
    """
    code = normalize_identifier(source).replace("%", "%25").replace("@", "%40")
    return f"stock:{normalize_identifier(sku)}@{code}"
