"""Walks a deployment along the path of an event; stops at the first missing part."""

from dataclasses import dataclass

from functions.ledger.firestore import COLLECTION
from tests.terraform.deployment import Deployment, Resource, need
from tests.terraform.surroundings import nothing_else, services, watching

PUSHER = "gcp-sa-pubsub.iam.gserviceaccount.com"

# The fields that the ledger queries; no other field is indexed.
INDEXED = {"*": [], "resources": [("CONTAINS", None)], "uid": [(None, "ASCENDING")]}


@dataclass(frozen=True)
class Walk:
    """A deployment and what its parts must be.

    Attributes:
        catalog: entity to its entry in the catalogue.
        commerce_secrets: environment variables of the consumers that are secret.
        target_secrets: the same of the outbound consumer.
        ingest_secrets: the same of ingest.
        status: ingest may read the ledger.
        emails: recipients of alerts.
    """

    deployment: Deployment
    catalog: dict[str, dict]
    commerce_secrets: set[str]
    ingest_secrets: set[str]
    target_secrets: set[str]
    status: bool = False
    emails: tuple[str, ...] = ()
    prefix: str = "commerce-"

    def whole(self) -> None:
        """Walk the whole deployment.

        Raises:
            Broken: a part is missing or different.
        """
        services(self.deployment)
        self.dead_letters()
        for entity, entry in self.catalog.items():
            self.entity(entity, entry["domain"], entry["direction"])
        self.ingest()
        self.request_log()
        watching(self.deployment, self.prefix, self.emails)
        nothing_else(self.deployment)

    def entity(self, entity: str, domain: str, direction: str) -> None:
        """topic → subscription → function → account → role → secret → dead letter"""
        d, topic = self.deployment, self.topic(entity)
        subscription = d.one("google_pubsub_subscription", topic=topic.id)
        need(subscription.expiration_policy == [{"ttl": ""}], f"{entity} expires")
        [push] = subscription.push_config
        [token] = push["oidc_token"]
        consumer = self.function(f"{domain}-consumer")
        uri = consumer.service["uri"]
        need(
            (push["push_endpoint"], token["audience"]) == (uri, uri),
            f"{entity} is not pushed to its consumer",
        )

        pusher = d.one("google_service_account", email=token["service_account_email"])
        self.only_invoker(consumer, pusher)
        self.agent(
            "google_service_account_iam_member",
            "roles/iam.serviceAccountTokenCreator",
            service_account_id=pusher.name,
        )

        inbound = direction == "inbound"
        names = self.commerce_secrets if inbound else self.target_secrets
        self.consumer(consumer, names)

        [policy] = subscription.dead_letter_policy
        dead = self.topic("dead-letters")
        need(policy["dead_letter_topic"] == dead.id, f"{entity} has no dead letters")
        self.agent(
            "google_pubsub_subscription_iam_member",
            "roles/pubsub.subscriber",
            subscription=subscription.name,
        )

        receiver = self.account(self.function("ingest")) if inbound else self.receiver()
        self.may_publish(receiver.member, topic)

    def receiver(self) -> Resource:
        """The account of commerce_events, which has no secret; anyone may call it."""
        function = self.function("commerce-events", "commerce_events")
        account = self.account(function)
        need(not function.service["secret_environment_variables"], "a secret too many")
        environment = function.service["environment_variables"]
        dead = self.topic("dead-letters")
        need(environment["DEAD_LETTER_TOPIC"] == dead.name, "dead letters go elsewhere")
        self.may_publish(account.member, dead)
        self.deployment.one(
            "google_cloud_run_service_iam_member",
            service=function.service["service"],
            role="roles/run.invoker",
            member="allUsers",
        )
        return account

    def request_log(self) -> None:
        """Successful requests to consumers, and no others, are not logged twice."""
        name = f"{self.prefix}requests-consumers"
        exclusion = self.deployment.one("google_logging_project_exclusion", name=name)
        need(
            exclusion.filter.endswith("httpRequest.status<300"), "failures are dropped"
        )
        for entry in self.catalog.values():
            consumer = f'"{self.prefix}{entry["domain"]}-consumer"'
            need(consumer in exclusion.filter, f"{consumer} is logged twice")
        need(f'"{self.prefix}ingest"' not in exclusion.filter, "ingest is not logged")

    def consumer(self, function: Resource, secrets: set[str]) -> None:
        """The account of a consumer, its roles, secrets, ledger and dead letters."""
        account = self.account(function)
        self.secrets(function, account, secrets)
        environment = function.service["environment_variables"]
        dead = self.topic("dead-letters")
        need(environment["DEAD_LETTER_TOPIC"] == dead.name, "dead letters go elsewhere")
        self.may_publish(account.member, dead)
        self.ledger(environment["LEDGER"], account, "roles/datastore.user")
        at_once = function.service["max_instance_request_concurrency"]
        need(at_once == int(environment["THREADS"]), "threads and concurrency differ")

    def ingest(self) -> None:
        """The account and secrets of ingest, and its invokers."""
        function = self.function("ingest")
        account = self.account(function)
        self.secrets(function, account, self.ingest_secrets)
        self.deployment.one(
            "google_cloud_run_service_iam_member",
            service=function.service["service"],
            role="roles/run.invoker",
            member="allUsers",
        )
        if self.status:
            ledger = function.service["environment_variables"]["LEDGER"]
            self.ledger(ledger, account, "roles/datastore.viewer")
        if "INGEST_TOKENS" in self.ingest_secrets:
            exclusion = self.deployment.one(
                "google_logging_project_exclusion", name=f"{self.prefix}query-token"
            )
            need(
                f'"{function.name}"' in exclusion.filter
                and 'requestUrl:"?"' in exclusion.filter,
                "a token in the query is logged",
            )

    def topic(self, name: str) -> Resource:
        """The topic of this name."""
        return self.deployment.one("google_pubsub_topic", name=self.prefix + name)

    def function(self, name: str, entry: str = "") -> Resource:
        """The function of this name, its source, and the roles that its build needs."""
        d = self.deployment
        function = d.one("google_cloudfunctions2_function", name=self.prefix + name)
        need(float(function.service["available_cpu"]) >= 1, "one request at a time")
        entry = entry or name.rpartition("-")[2]
        need(function.build["entry_point"] == entry, f"{name} has no entry point")
        source = function.build["source"][0]["storage_source"][0]
        bucket = d.one("google_storage_bucket", name=source["bucket"])
        archive = d.one("google_storage_bucket_object", name=source["object"])
        need(archive.bucket == bucket.name, f"{name} has no source")
        need(archive.name.startswith(f"{entry}-"), f"{name} has another source")
        images = d.one(
            "google_artifact_registry_repository",
            id=function.build["docker_repository"],
        )
        self.one_region(function, bucket, images)
        builder = d.one(
            "google_service_account", id=function.build["service_account"]
        ).member
        copied_source = d.one(
            "google_project_iam_member",
            role="roles/storage.objectViewer",
            member=builder,
        )
        need(
            any(
                "/buckets/gcf-v2-sources-" in c["expression"]
                for c in copied_source.condition
            ),
            "the builder may read every bucket",
        )
        needed = [
            d.one(
                "google_artifact_registry_repository_iam_member",
                repository=images.name,
                role="roles/artifactregistry.writer",
                member=builder,
            ),
            d.one(
                "google_storage_bucket_iam_member",
                bucket=bucket.name,
                role="roles/storage.objectViewer",
                member=builder,
            ),
            copied_source,
            d.one(
                "google_project_iam_member",
                role="roles/logging.logWriter",
                member=builder,
            ),
        ]
        self.comes_after(function, needed)
        return function

    @staticmethod
    def one_region(function: Resource, *others: Resource) -> None:
        """The parts of a function and its Pub/Sub endpoint are in its region."""
        region = function.location
        for one in others:
            need(one.location == region, f"{one.address} is in another region")
        endpoint = function.service["environment_variables"]["PUBSUB_ENDPOINT"]
        need(endpoint.startswith(f"{region}-pubsub."), "another region's Pub/Sub")

    def account(self, function: Resource) -> Resource:
        """The account of a function; no other function uses it."""
        email = function.service["service_account_email"]
        account = self.deployment.one("google_service_account", email=email)
        users = [
            other
            for other in self.deployment.all("google_cloudfunctions2_function")
            if other.service["service_account_email"] == email
        ]
        need(len(users) == 1, f"{account.account_id} serves {len(users)} functions")
        return account

    def secrets(self, function: Resource, account: Resource, names: set[str]) -> None:
        """Each secret exists, has a version, and this account may read it."""
        read = function.service["secret_environment_variables"]
        need({one["key"] for one in read} == names, f"{function.name} lacks secrets")
        needed = []
        for one in read:
            d = self.deployment
            secret = d.one("google_secret_manager_secret", secret_id=one["secret"])
            version = d.one("google_secret_manager_secret_version", secret=secret.id)
            need(version.version == one["version"], f"{one['key']} has no such version")
            project = function.service["environment_variables"]["GOOGLE_CLOUD_PROJECT"]
            need(one["project_id"] == project, f"{one['key']} is another project's")
            needed.append(
                d.one(
                    "google_secret_manager_secret_iam_member",
                    secret_id=secret.id,
                    role="roles/secretmanager.secretAccessor",
                    member=account.member,
                )
            )
        self.comes_after(function, needed)

    def ledger(self, name: str, account: Resource, role: str) -> None:
        """The database exists, expires records, and this account may use it."""
        d = self.deployment
        database = d.one(
            "google_firestore_database", name=name.removeprefix("firestore:")
        )
        expiry = d.one(
            "google_firestore_field", database=database.name, field="expires"
        )
        need(
            expiry.ttl_config and expiry.collection == COLLECTION,
            "records never expire",
        )
        for field, expected in INDEXED.items():
            one = d.one("google_firestore_field", database=database.name, field=field)
            need(one.collection == COLLECTION, f"{field} of another collection")
            indexes = one.index_config[0]["indexes"]
            actual = [(index["array_config"], index["order"]) for index in indexes]
            need(
                actual == expected, f"{field} has other indexes than the ledger queries"
            )
        grant = d.one("google_project_iam_member", role=role, member=account.member)
        [condition] = grant.condition
        need(f"/databases/{database.name}" in condition["expression"], "role too wide")

    def may_publish(self, member: str, topic: Resource) -> None:
        """A member may publish on a topic."""
        self.deployment.one(
            "google_pubsub_topic_iam_member",
            topic=topic.id,
            role="roles/pubsub.publisher",
            member=member,
        )

    def agent(self, kind: str, role: str, **values: str) -> None:
        """The service agent of Pub/Sub has this role here."""
        grants = self.deployment.all(kind, role=role, **values)
        members = [one.member for one in grants if PUSHER in one.member]
        need(len(members) == 1, f"Pub/Sub's agent has no {role} on {values}")
        self.deployment.one(kind, role=role, member=members[0], **values)

    def only_invoker(self, function: Resource, account: Resource) -> None:
        """Only one account may call a function."""
        grant = self.deployment.one(
            "google_cloud_run_service_iam_member", service=function.service["service"]
        )
        need(
            (grant.role, grant.member) == ("roles/run.invoker", account.member),
            f"{function.name} has other invokers",
        )

    def dead_letters(self) -> None:
        """Dead letters are kept, and Pub/Sub may publish them."""
        d, topic = self.deployment, self.topic("dead-letters")
        kept = d.one("google_pubsub_subscription", topic=topic.id)
        need(kept.message_retention_duration == "2678400s", "not kept 31 days")
        need(kept.expiration_policy == [{"ttl": ""}], "dead letters expire")
        self.agent(
            "google_pubsub_topic_iam_member", "roles/pubsub.publisher", topic=topic.id
        )

    @staticmethod
    def comes_after(function: Resource, needed: list[Resource]) -> None:
        """A function depends on the roles that its build or start needs."""
        for one in needed:
            need(
                one.address.partition("[")[0] in function.depends_on,
                f"{function.address} does not depend on {one.address}",
            )
