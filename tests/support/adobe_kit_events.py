"""The events of Adobe's kit, which are always there; others may have been added."""

NAMES = {
    "product": {
        "catalog_product_create",
        "catalog_product_update",
        "catalog_product_delete",
    },
    "customer": {"customer_create", "customer_update", "customer_delete"},
    "customer-group": {
        "customer_group_create",
        "customer_group_update",
        "customer_group_delete",
    },
    "order": {
        "sales_order_status_update",
        "sales_order_shipment_create",
        "sales_order_shipment_update",
    },
    "stock": {"catalog_stock_update"},
}
PREFIX = "be-observer."
EVENTS = sorted(PREFIX + name for names in NAMES.values() for name in names)
