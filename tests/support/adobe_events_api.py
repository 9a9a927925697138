"""A stand-in for Adobe I/O Events' management API, IMS and a store's eventing API.

It checks each request against Adobe's published description (paths, headers, required
properties, lengths and patterns of static/events-api-reference.yaml in the repository
AdobeDocs/adobe-io-events) and against the payloads of Commerce's documented eventing
endpoints, and keeps what was created.
"""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator

from tests.support.commerce_adapter import RecordedRequest, RecordingAdapter, reply

TEXT = r"^[\w\s\-_.(),@:'`?#!]+$"
INSTANCE = r"^[\w\-_:@./]+$"


def _text(pattern: str = "", longest: int = 255, shortest: int = 1) -> dict[str, Any]:
    bounds = {"type": "string", "minLength": shortest, "maxLength": longest}
    return bounds | ({"pattern": pattern} if pattern else {})


def _model(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


PROVIDER = _model(
    ["label"],
    label=_text(r"^[A-Za-z]\w*$"),  # what Commerce's own command allows
    description=_text(TEXT, shortest=0),
    docs_url=_text(),
    provider_metadata={
        "enum": [
            *("3rd_party_custom_events", "acs", "aem"),
            *("asset_compute", "dx_commerce_events"),
        ]
    },
    instance_id=_text(INSTANCE),
    data_residency_region={"enum": ["va6", "irl1"]},
)
METADATA = _model(
    ["description", "event_code", "label"],
    description=_text(TEXT),
    label=_text(TEXT),
    event_code=_text(r"^[\w\-_.]+$"),
    sample_event_template=_text(
        "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$", 87382, 0
    ),
)
REGISTRATION = _model(
    ["client_id", "events_of_interest", "name", "delivery_type"],
    client_id=_text(shortest=3),
    name=_text(shortest=3),
    description=_text(longest=5000, shortest=0),
    webhook_url=_text(longest=4000, shortest=0),
    delivery_type={"enum": ["webhook", "webhook_batch", "journal", "aws_eventbridge"]},
    events_of_interest={
        "type": "array",
        "uniqueItems": True,
        "items": _model(
            ["event_code"], event_code=_text(), provider_id=_text(longest=38)
        ),
    },
)
NAMED = {"type": "array", "items": _model(["name"], name=_text(), source=_text())}
SUBSCRIPTION = _model(
    ["event"],
    event=_model(
        ["name", "fields"],
        name=_text(r"^(observer|plugin)\.[a-z_.]+$"),
        fields=NAMED,
        provider_id=_text(longest=38),
    ),
    force={"type": "boolean"},
)
CONFIGURATION = _model(
    ["config"],
    config=_model(
        ["enabled"],
        enabled={"type": "boolean"},
        merchant_id=_text(r"^\w+$"),
        environment_id=_text(r"^\w+$"),
        provider_id=_text(longest=38),
        instance_id=_text(r"^[\w-]+$"),
        workspace_configuration=_text(longest=100_000),
    ),
)
WORKSPACE = {
    "project": {
        "id": "4566",
        "org": {"id": "123", "ims_org_id": "ABC@AdobeOrg"},
        "workspace": {
            "id": "789",
            "details": {
                "credentials": [
                    {"integration_type": "apikey"},
                    {
                        "oauth_server_to_server": {
                            "client_id": "client-1",
                            "client_secrets": ["p8e-secret-value"],
                            "scopes": ["openid", "adobeio_api"],
                        }
                    },
                ]
            },
        },
    }
}
OWN = "/events/123/4566/789"
PROVIDER_ID = "1902bc50-2ff1-4e8d-9f3c-000000000001"


def check(body: Any, schema: dict[str, Any]) -> None:
    """Raise the error of *body*, if there is one."""
    # jsonschema.validate would check the schema each time, which costs most.
    for error in Draft202012Validator(schema).iter_errors(body):
        raise error


class AdobeAndCommerce:
    """Answers as both; a request that their descriptions do not allow is an error.

    Attributes:
        providers, metadata, registrations: at Adobe.
        store_providers, subscriptions: at Commerce.
        rejected_fields: of subscriptions, which this store does not know.
        changes: method and path of every request but GET, without the token's.
    """

    def __init__(self) -> None:
        self.providers: list[dict[str, Any]] = []
        self.metadata: list[dict[str, Any]] = []
        self.registrations: list[dict[str, Any]] = []
        self.store_providers: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.configuration: dict[str, Any] = {}
        self.rejected_fields: set[str] = set()
        self.has_module = True
        self.is_before_1_12 = False
        self.changes: list[tuple[str, str]] = []
        self.adapter = RecordingAdapter(self.respond)

    def respond(self, request: RecordedRequest) -> Any:
        """The response, after the checks."""
        parts = urlsplit(request.url)
        if parts.hostname == "ims-na1.adobelogin.com":
            form = parse_qs(request.body)
            assert form["client_secret"] == ["p8e-secret-value"]
            assert form["scope"] == ["openid,adobeio_api"]
            return reply(200, {"access_token": "made-up", "expires_in": 86399})
        if request.method != "GET":
            self.changes.append((request.method, parts.path.split("/", 2)[2]))
        if parts.hostname == "api.adobe.io":
            assert request.headers["Authorization"] == "Bearer made-up"
            assert request.headers["x-api-key"] == "client-1"
            assert request.headers["Accept"] == "application/hal+json"
            return self._adobe(request.method, parts.path, request)
        assert parts.hostname == "shop.example.com"
        return self._commerce(request)

    def _adobe(self, method: str, path: str, request: RecordedRequest) -> Any:
        body = request.body
        match method, path:
            case "GET", "/events/123/providers":
                assert request.query["providerMetadataId"] == "dx_commerce_events"
                instance = request.query["instanceId"]
                rows = [p for p in self.providers if p["instance_id"] == instance]
                if not rows:
                    return reply(404, {"message": "no such provider"})
                return reply(200, {"_embedded": {"providers": rows}})
            case "POST", p if p == f"{OWN}/providers":
                check(body, PROVIDER)
                self.providers.append(body | {"id": PROVIDER_ID})
                return reply(201, self.providers[-1])
            case "GET", p if re.fullmatch("/events/providers/[^/]+/eventmetadata", p):
                return reply(200, {"_embedded": {"eventmetadata": self.metadata}})
            case "POST", p if p == f"{OWN}/providers/{PROVIDER_ID}/eventmetadata":
                check(body, METADATA)
                json.loads(base64.b64decode(body["sample_event_template"]))
                self.metadata.append(body)
                return reply(201, body)
            case "GET", p if p == f"{OWN}/registrations":
                return reply(200, {"_embedded": {"registrations": self.registrations}})
            case "POST", p if p == f"{OWN}/registrations":
                check(body, REGISTRATION)
                row = body | {"registration_id": "r-1", "webhook_status": "verified"}
                self.registrations.append(row)
                return reply(201, row)
        raise AssertionError(f"the API has no {method} {path}")

    def _commerce(self, request: RecordedRequest) -> Any:
        if not self.has_module:
            return reply(404, {"message": "Request does not match any route."})
        match request.method, request.path:
            case "GET", "eventing/eventProvider" if self.is_before_1_12:
                return reply(404, {"message": "Request does not match any route."})
            case "GET", "eventing/eventProvider" | "eventing/getEventProviders":
                return reply(200, self.store_providers)
            case "PUT", "eventing/updateConfiguration":
                check(request.body, CONFIGURATION)
                self.configuration = request.body["config"]
                self.store_providers.append(self.configuration)
                return reply(200, True)
            case "GET", "eventing/getEventSubscriptions":
                return reply(200, self.subscriptions)
            case "POST", "eventing/eventSubscribe":
                check(request.body, SUBSCRIPTION)
                event = request.body["event"]
                names = {one["name"] for one in event["fields"]}
                if names & self.rejected_fields:
                    return reply(400, {"message": "Unknown field"})
                self.subscriptions.append(event)
                return reply(200, [])
        raise AssertionError(f"Commerce has no {request.method} {request.path}")
