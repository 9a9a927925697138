"""Ingest the way tutorials write it: a sync function, PublisherClient's defaults."""

import json
import os

import functions_framework
from google.cloud import pubsub_v1

publisher = pubsub_v1.PublisherClient()
TOPIC = publisher.topic_path(os.environ["GOOGLE_CLOUD_PROJECT"], "commerce-product")


@functions_framework.http
def tutorial(request):
    """Publish the posted value."""
    value = request.get_json()["data"]["value"]
    publisher.publish(TOPIC, json.dumps(value).encode()).result()
    return {"success": True}
