"""The store views and their configuration."""

from local.commerce.call import Call

ALL = "all"  # the scope above the views
VIEWS = {"default": 1, "second": 2}  # code: id


def list_configurations(call: Call) -> list[dict]:
    """GET store/storeConfigs: readable by every authenticated caller."""
    address = "https://store.example.com/"
    names = ("base", "base_link", "base_static", "base_media")
    urls = {f"{name}_url": address for name in names}
    return [
        {
            "id": view_id,
            "code": code,
            "website_id": view_id,
            "locale": "en_US",
            "base_currency_code": "EUR",
            "default_display_currency_code": "EUR",
            "timezone": "Europe/Berlin",
            "weight_unit": "kgs",
            **urls,
            **{f"secure_{name}": url for name, url in urls.items()},
        }
        for code, view_id in VIEWS.items()
    ]
