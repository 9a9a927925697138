"""As little as an ingest can do: parse the JSON, publish with an ordering key."""

import json
import os

import functions_framework.aio
import grpc.aio
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage

PublishRequest = PublishRequest.pb()
PublishResponse = PublishResponse.pb()
PubsubMessage = PubsubMessage.pb()
TOPIC = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/topics/commerce-product"
_publish = None


@functions_framework.aio.http
async def bare(request):
    """Publish the posted value."""
    global _publish
    if _publish is None:
        channel = grpc.aio.insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"])
        _publish = channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=PublishRequest.SerializeToString,
            response_deserializer=PublishResponse.FromString,
        )
    value = (await request.json())["data"]["value"]
    message = PubsubMessage(
        data=json.dumps(value).encode(), ordering_key=f"product:{value['sku']}"
    )
    await _publish(PublishRequest(topic=TOPIC, messages=[message]))
    return {"success": True}
