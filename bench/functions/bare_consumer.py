"""As little as a consumer can do: decode the push, make one signed call."""

import base64
import json
import os

import functions_framework
import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

URL = os.environ["COMMERCE_BASE_URL"] + "all/V1/products"
session = requests.Session()
client = Client(
    os.environ["COMMERCE_CONSUMER_KEY"],
    os.environ["COMMERCE_CONSUMER_SECRET"],
    os.environ["COMMERCE_ACCESS_TOKEN"],
    os.environ["COMMERCE_ACCESS_TOKEN_SECRET"],
    signature_method=SIGNATURE_HMAC_SHA256,
)


@functions_framework.http
def bare(request):
    """Send the pushed value to Commerce."""
    value = json.loads(base64.b64decode(request.get_json()["message"]["data"]))
    url, headers, _ = client.sign(URL, "POST")
    response = session.post(url, json={"product": value}, headers=headers, timeout=30)
    response.raise_for_status()
    return {"success": True}
