"""By whom each thing was changed: the stand-in's journal read with ``plan``'s tags."""


def effect(row: dict) -> tuple[str, str]:
    """Thing and tag of an entry of the stand-in's journal."""
    kind, body, more = row["operation"], row["body"] or {}, row["details"]
    match kind:
        case "product.created" | "product.updated":
            return f"product:{row['resource']}", body["product"]["name"]
        case "product.deleted" | "customer.deleted" | "customer_group.deleted":
            name = kind.partition(".")[0].replace("_", "-")
            return f"{name}:{row['resource']}", "deleted"
        case "order.commented":
            said = body["statusHistory"]["comment"]
            return f"order:{row['resource']}", said.rpartition(" ")[2]
        case "shipment.created":
            return f"order:{more['order']}", body["tracks"][0]["track_number"]
        case "shipment.updated":
            return f"order:{more['order']}", body["entity"]["tracks"][0]["track_number"]
        case "stock.set":
            return f"stock:{row['resource']}", str(more["quantity"])
        case "customer.created":
            return f"customer:{more['email']}", body["customer"]["lastname"]
        case "customer.updated":
            return f"customer:{row['resource']}", body["customer"]["lastname"]
        case "customer_group.created":
            return f"customer-group:{more['code']}", more["code"]
        case "customer_group.updated":
            return f"customer-group:{row['resource']}", more["code"]
    return f"{kind} {row['resource']}", ""
