"""``trace`` in the cloud: the query for Cloud Logging, and its entries by gcloud."""

import json
import shlex
import stat

from functions.events import samples
from tests.support.cli_deployment import (
    HANDLED,
    PROJECT,
)

CREATE = "catalog_product_create"
EVENT = f"be-observer.{CREATE}"
PRODUCT = samples.value(EVENT)


def test_in_the_cloud_the_query_of_the_logs_is_printed(deployment):
    deployment.attempt(CREATE, PRODUCT, 'o"1', **HANDLED)

    result = deployment.run("trace", 'o"1', env=deployment.cloud_environment())

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "now: handled 200 Product created"
    assert shlex.split(result.stderr.splitlines()[-1]) == [
        "gcloud",
        "logging",
        "read",
        'resource.type="cloud_run_revision" AND jsonPayload.uid="o\\"1"',
        "--project",
        PROJECT,
        "--order",
        "asc",
        "--freshness",
        "30d",
        "--format",
        "json",
    ]


def with_gcloud(folder, script: str) -> dict[str, str]:
    """Variables with a ``gcloud`` that runs *script*."""
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_logs_are_read_with_gcloud(deployment, tmp_path):
    labels = {"event": EVENT, "uid": "u1", "message_id": "original-u1", "attempt": 1}
    entries = [
        {
            "timestamp": "2026-10-05T12:00:02.5Z",
            "jsonPayload": {
                **labels,
                "stage": "outcome",
                "message": "event handled",
                "outcome": "handled",
                "status": 200,
                "ms": 500,
            },
        },
        {"timestamp": "2026-10-05T12:00:03Z", "textPayload": "something else"},
    ]
    (tmp_path / "entries.json").write_text(json.dumps(entries))
    script = f'echo "$@" > {tmp_path}/arguments; cat {tmp_path}/entries.json'
    environment = deployment.cloud_environment(**with_gcloud(tmp_path, script))
    deployment.attempt(CREATE, PRODUCT, "u1", **HANDLED)

    result = deployment.run("trace", "u1", "--logs", "--json", env=environment)

    history = [json.loads(text) for text in result.stdout.splitlines()]
    shown = [(s["stage"], s.get("recorded_in"), s.get("at")) for s in history]
    assert shown[:2] == [
        ("delivered", "logs", "2026-10-05T12:00:02.000000Z"),
        ("outcome", "logs", "2026-10-05T12:00:02.500000Z"),
    ]
    assert [stage for stage, *_ in shown[2:]] == ["received", "now"]
    assert history[1]["message"] == "Product created"
    assert 'jsonPayload.uid="u1"' in (tmp_path / "arguments").read_text()


def test_a_failing_gcloud_exits_3(deployment, tmp_path):
    script = "echo 'ERROR: authenticate first' >&2; exit 1"
    environment = deployment.cloud_environment(**with_gcloud(tmp_path, script))

    result = deployment.run("trace", "u1", "--logs", env=environment)

    assert (result.exit_code, result.stderr) == (
        3,
        "Error: gcloud failed: ERROR: authenticate first\n",
    )


def test_logs_are_not_for_the_local_stack(deployment):
    assert deployment.run("trace", "u1", "--logs").exit_code == 2
