"""A push configuration as Terraform makes it."""

from google.pubsub_v1.types import PushConfig

URL = "https://commerce-customer-consumer-a1b2c3d4e5-ew.a.run.app"
AUTHENTICATED = PushConfig(
    push_endpoint=URL,
    oidc_token=PushConfig.OidcToken(
        service_account_email="commerce-push@some-long-project-id.iam.gserviceaccount.com",
        audience=URL,
    ),
    attributes={"x-goog-version": "v1"},
)
