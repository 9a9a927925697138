"""The functions get exactly the settings that they read."""

import re

import pytest

from functions.commerce.settings import CommerceSettings
from functions.commerce_events.settings import CommerceEventsSettings
from functions.consumer.settings import ConsumerSettings
from functions.ingest.settings import IngestSettings
from functions.settings import described, names
from functions.target.settings import TargetSettings
from tests.terraform.workspace import CONFIGURATION, PROTECTION

PLATFORM = {"K_SERVICE"}  # Cloud Run sets it in every container
# Google's variables for emulators; not set in the cloud.
EMULATORS = {"ADOBE_KEYS_URL", "FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"}
READ = {
    "commerce_events": set(names(CommerceEventsSettings)),
    "consumer": {
        *names(ConsumerSettings),
        *names(CommerceSettings),
        *names(TargetSettings),
    },
    "ingest": set(names(IngestSettings)),
}
SECRET = {
    setting.name
    for settings in (ConsumerSettings, CommerceSettings, IngestSettings, TargetSettings)
    for setting in described(settings)
    if setting.secret
}
FRAMEWORK = {
    "commerce_events": {"LOG_EXECUTION_ID"},
    "consumer": {"LOG_EXECUTION_ID", "THREADS"},
    "ingest": {"LOG_EXECUTION_ID"},
}


def functions(tested, kind):
    return [
        one["values"]["service_config"][0]
        for one in tested.applied["root_module"]["resources"]
        if one["type"] == "google_cloudfunctions2_function"
        and one["values"]["build_config"][0]["entry_point"] == kind
    ]


def plain(started, kind):
    """Every variable that a scenario sets to a plain value."""
    return {
        name
        for tested in scenarios(started)
        for function in functions(tested, kind)
        for name in function["environment_variables"]
    }


def secret(started, kind):
    """Every variable that a scenario takes from Secret Manager."""
    return {
        one["key"]
        for tested in scenarios(started)
        for function in functions(tested, kind)
        for one in function["secret_environment_variables"]
    }


def scenarios(started):
    return [started[name].result() for name in ("defaults", "grown", PROTECTION)]


def settable(kind):
    """The names that commerce_settings, ingest_settings and outbound accept."""
    text = (CONFIGURATION / "settings.tf").read_text()
    if kind == "commerce_events":
        return {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    blocks = re.findall(rf"^  {kind}_settings_open = \[\n(.*?)^  \]", text, re.M | re.S)
    if kind == "consumer":
        target = r"^  _target_settings_open = \[\n(.*?)^  \]"
        blocks += re.findall(target, text, re.M | re.S)
    open_settings = set(re.findall(r'"(\w+)"', "".join(blocks)))
    urls = {name for name in READ[kind] if name.startswith("TARGET_URL_")}
    return open_settings | urls  # computed from the catalogue


@pytest.mark.parametrize("kind", ["commerce_events", "consumer", "ingest"])
def test_functions_read_what_is_set(started, kind):
    given = plain(started, kind) | secret(started, kind) | settable(kind)
    assert given - FRAMEWORK[kind] - READ[kind] == set()


@pytest.mark.parametrize("kind", ["commerce_events", "consumer", "ingest"])
def test_everything_read_can_be_set(started, kind):
    given = plain(started, kind) | secret(started, kind) | settable(kind)
    assert READ[kind] - EMULATORS - PLATFORM - given == set()


@pytest.mark.parametrize("kind", ["commerce_events", "consumer", "ingest"])
def test_framework_gets_its_variables(started, kind):
    assert plain(started, kind) >= FRAMEWORK[kind]


@pytest.mark.parametrize("kind", ["commerce_events", "consumer", "ingest"])
def test_secrets_come_from_secret_manager_only(started, kind):
    assert secret(started, kind) == SECRET & READ[kind]
    assert (plain(started, kind) | settable(kind)) & SECRET == set()


def test_emulators_and_the_platform_are_never_set(started):
    for kind in READ:
        given = plain(started, kind) | settable(kind)
        assert given & (EMULATORS | PLATFORM) == set()
