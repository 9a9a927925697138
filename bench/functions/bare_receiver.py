"""As little as a receiver of Adobe's events can do: parse the JSON, publish.

With ``BENCH_PUBLIC_KEY`` it verifies the signature, too.
"""

import base64
import json
import os

import functions_framework.aio
import grpc.aio
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage

PublishRequest = PublishRequest.pb()
PublishResponse = PublishResponse.pb()
PubsubMessage = PubsubMessage.pb()
PROJECT = os.environ["GOOGLE_CLOUD_PROJECT"]
TOPIC = f"projects/{PROJECT}/topics/commerce-outbound-product"
_pem = os.environ.get("BENCH_PUBLIC_KEY", "")
_key = load_pem_public_key(_pem.encode()) if _pem else None
_publish = None


@functions_framework.aio.http
async def bare(request):
    """Publish the delivered value."""
    global _publish
    if _publish is None:
        channel = grpc.aio.insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"])
        _publish = channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=PublishRequest.SerializeToString,
            response_deserializer=PublishResponse.FromString,
        )
    content = await request.body()
    if _key is not None:
        signature = base64.b64decode(request.headers["x-adobe-digital-signature-1"])
        _key.verify(signature, content, PKCS1v15(), SHA256())
    value = json.loads(content)["data"]["value"]
    message = PubsubMessage(
        data=json.dumps(value).encode(), ordering_key=f"outbound-product:{value['sku']}"
    )
    await _publish(PublishRequest(topic=TOPIC, messages=[message]))
    return {"success": True}
