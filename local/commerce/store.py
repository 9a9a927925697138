"""The store's views (notes, "Base URL") and their configuration."""

from local.commerce.call import Call

VIEWS = {"default": 1, "second": 2}  # code: id; all is the scope above them


def configs(call: Call) -> list[dict]:
    """GET store/storeConfigs: read by anyone who may sign in."""
    address = "https://shop.example.com/"
    names = ("base", "base_link", "base_static", "base_media")
    urls = {f"{name}_url": address for name in names}
    return [
        {
            "id": number,
            "code": code,
            "website_id": number,
            "locale": "en_US",
            "base_currency_code": "EUR",
            "default_display_currency_code": "EUR",
            "timezone": "Europe/Berlin",
            "weight_unit": "kgs",
            **urls,
            **{f"secure_{name}": url for name, url in urls.items()},
        }
        for code, number in VIEWS.items()
    ]
