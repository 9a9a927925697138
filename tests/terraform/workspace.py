"""Terraform without a cloud: a copy of the configuration, with mocked providers.

A run costs seconds of CPU, so there are few, they start together, and all tests share
them. Two things would make a run much slower: the schemas of a thousand unused
resources (see provider_proxy.py), and the functions' files, which Terraform copies and
compares again and again as content of the archives. So the copy has few files of each
package, and each is one line.
"""

import json
import os
import shutil
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.terraform.providers import (
    CONFIGURATION,
    ROOT,
    TERRAFORM,
)

TIMEOUT_SECONDS = 300
# What the validations of variables depend on; these files need no provider.
VARIABLES = (
    "checks.tf",
    "locals.tf",
    "settings.tf",
    "variables.tf",
    "variables_protection.tf",
)
VALIDATIONS = "variables.tftest.hcl"
DEFAULTS = "defaults.tftest.hcl"
PROTECTION = "protection.tftest.hcl"
COPIED = ("__init__.py", "main.py", "requirements.txt", "*.json")
_workers = ThreadPoolExecutor(os.cpu_count())

# The values that a first user has to set; the secrets are made up, and recognisable.
VALUES = {
    "project_id": "acme-shop",
    "region": "europe-west1",
    "commerce_base_url": "https://shop.example.com/rest/",
    "ingest_auth": "token",
    "ledger_key": "recognisable-ledger-key-0123456789",
    "secrets": {
        "COMMERCE_ACCESS_TOKEN": "recognisable-1",
        "COMMERCE_ACCESS_TOKEN_SECRET": "recognisable-2",
        "COMMERCE_CONSUMER_KEY": "recognisable-3",
        "COMMERCE_CONSUMER_SECRET": "recognisable-4",
        "INGEST_TOKENS": "acme:recognisable-token-5",
    },
}

# Every run invents computed values anew, but the number of a project does not change.
MOCKS = """
mock_provider "archive" {}
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
"""


@dataclass(frozen=True)
class Run:
    """One run of a scenario.

    Attributes:
        command: ``apply`` or ``plan``.
        values: values of variables for this run.
        text: more of them, as in a file of values.
        target: the only resource of this run, with what it depends on; "" for all.
    """

    command: str
    values: dict = field(default_factory=dict)
    text: str = ""
    target: str = ""

    def hcl(self, name: str) -> str:
        """The block of the run."""
        variables = f"  variables {{\n{assignments(self.values)}{self.text}  }}\n"
        options = f"  plan_options {{\n    target = [{self.target}]\n  }}\n"
        command = f"  command = {self.command}\n{options if self.target else ''}"
        return f'run "{name}" {{\n{command}{variables}}}\n'


def assignments(values: dict) -> str:
    """*values* as lines of HCL, which accepts JSON values."""
    return "".join(f"  {name} = {json.dumps(v)}\n" for name, v in values.items())


@dataclass
class Tested:
    """The result of ``terraform test`` of one file.

    Attributes:
        runs: status by run: ``pass``, ``fail``, ``error``, ``skip``.
        output: everything that was printed, for the message of a failure.
        states: state after each run that applied, by run.
        plans: plan of each run that only planned, by run.
    """

    runs: dict[str, str]
    output: str
    states: dict[str, dict]
    plans: dict[str, dict]

    @property
    def applied(self) -> dict:
        """The state after the run that applied."""
        assert len(self.states) == 1, self.output
        return next(iter(self.states.values()))


class Workspace:
    """A copy of the files that Terraform reads, in a folder of its own."""

    def __init__(self, folder: Path, providers: dict[str, str]) -> None:
        """Copy the files.

        Args:
            folder: to create.
            providers: variables of the environment; see provider_proxy.py.
        """
        self.folder = folder
        self.configuration = folder / "terraform"
        shutil.copytree(
            CONFIGURATION,
            self.configuration,
            ignore=shutil.ignore_patterns(".terraform*", "build", "*.tfstate*"),
        )
        for name in COPIED:
            for source in (ROOT / "functions").rglob(name):
                path = folder / source.relative_to(ROOT)
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix == ".json":  # Terraform reads the catalogue
                    path.write_text(json.dumps(json.loads(source.read_text())))
                else:
                    path.write_text(f"# {path.relative_to(folder)}\n")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("TF_")},
            "CHECKPOINT_DISABLE": "1",
            # A run is short: memory is cheaper than garbage collection. And threads
            # that wait for each other cost CPU: each core runs a process of its own.
            "GOGC": "1000",
            "GOMAXPROCS": "1",
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
            **providers,
        }

    def initialise(self) -> None:
        """Run ``terraform init``, which installs the module."""
        done = self.terraform("init", "-no-color", "-input=false")
        assert done.returncode == 0, done.stdout + done.stderr

    def without_provider(self) -> None:
        """Keep only variables and their validations, and no mocks of providers."""
        for path in self.configuration.glob("*.tf"):
            if path.name not in VARIABLES:
                path.unlink()
        tests = self.configuration / "tests" / VALIDATIONS
        lines = tests.read_text().splitlines(keepends=True)
        tests.write_text("".join(x for x in lines if not x.startswith("mock_provider")))
        self.initialise()

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run terraform in the copy."""
        return subprocess.run(
            [TERRAFORM, f"-chdir={self.configuration}", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def test(self, name: str, folder: str = "tests") -> Future[Tested]:
        """Start ``terraform test`` of ``folder/name``; one process per core runs."""
        return _workers.submit(self._test, name, folder)

    def scenario(self, name: str, runs: dict[str, Run], **values) -> Future[Tested]:
        """Start *runs* with *values* in addition to VALUES."""
        folder = self.configuration / "scenarios" / name
        folder.mkdir(parents=True)
        blocks = "".join(run.hcl(run_name) for run_name, run in runs.items())
        (folder / "scenario.tftest.hcl").write_text(
            f"{MOCKS}\nvariables {{\n{assignments(VALUES | values)}}}\n{blocks}"
        )
        return self.test("scenario.tftest.hcl", f"scenarios/{name}")

    def _test(self, name: str, folder: str) -> Tested:
        # It prints the providers' schemas as well, with every plan and state.
        inspected = folder != "tests" or name in (DEFAULTS, PROTECTION)
        options = ["-verbose"] if inspected else []
        process = subprocess.Popen(
            [
                *(TERRAFORM, f"-chdir={self.configuration}", "test", "-json", *options),
                *(f"-test-directory={folder}", f"-filter={folder}/{name}"),
            ],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        timeout = threading.Timer(TIMEOUT_SECONDS, process.kill)
        timeout.start()
        tested = Tested({}, "", {}, {})
        with process:
            for line in process.stdout:
                tested.output = (tested.output + line)[-20_000:]
                record = json.loads(line) if line.startswith("{") else {"type": ""}
                run = record.get("@testrun")
                match record["type"]:
                    case "test_run" if record["test_run"].get("status"):
                        tested.runs[run] = record["test_run"]["status"]
                    case "test_state":
                        tested.states[run] = record["test_state"]
                    case "test_plan":
                        tested.plans[run] = record["test_plan"]
                    case "test_file" if record["test_file"]["progress"] == "teardown":
                        # What the mocks invented needs no clean-up, which costs a
                        # quarter of the whole run.
                        process.kill()
        timeout.cancel()
        return tested
