"""Which event caused an effect: the stand-in's journal, read with ``plan``'s tags."""


def resource_and_tag(effect: dict) -> tuple[str, str]:
    """Resource and tag of one effect of the stand-in's journal."""
    operation, resource = effect["operation"], effect["resource"]
    body, details = effect["body"] or {}, effect["details"]
    match operation:
        case "product.created" | "product.updated":
            return f"product:{resource}", body["product"]["name"]
        case "product.deleted" | "customer.deleted" | "customer_group.deleted":
            name = operation.partition(".")[0].replace("_", "-")
            return f"{name}:{resource}", "deleted"
        case "order.commented":
            comment = body["statusHistory"]["comment"]
            return f"order:{resource}", comment.rpartition(" ")[2]
        case "shipment.created":
            return f"order:{details['order']}", body["tracks"][0]["track_number"]
        case "shipment.updated":
            [track] = body["entity"]["tracks"]
            return f"order:{details['order']}", track["track_number"]
        case "stock.set":
            return f"stock:{resource}", str(details["quantity"])
        case "customer.created":
            return f"customer:{details['email']}", body["customer"]["lastname"]
        case "customer.updated":
            return f"customer:{resource}", body["customer"]["lastname"]
        case "customer_group.created":
            return f"customer-group:{details['code']}", details["code"]
        case "customer_group.updated":
            return f"customer-group:{resource}", details["code"]
    return f"{operation} {resource}", ""
