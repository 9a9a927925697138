"""Terraform without a cloud: a copy of the configuration, providers made up.

The real providers are replaced by ``mock_provider``; only their schema is needed. It
comes from the folder that TF_CLI_ARGS_init names with -plugin-dir, else from
``../shared/terraform/mirror`` beside the repository, else from Terraform's registry.
Where none has it, what needs it is left out (``tests/conftest.py``).
"""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGURATION = ROOT / "terraform"
MIRROR = ROOT.parent / "shared" / "terraform" / "mirror"
SECONDS = 300
TERRAFORM = shutil.which("terraform") or "terraform"
PLUGIN_DIR = "-plugin-dir="

# What a first user has to say; the secrets are made up, and recognisable.
VALUES = {
    "project_id": "acme-shop",
    "region": "europe-west1",
    "commerce_base_url": "https://shop.example.com/rest/",
    "ingest_auth": "token",
    "secrets": {
        "COMMERCE_ACCESS_TOKEN": "recognisable-1",
        "COMMERCE_ACCESS_TOKEN_SECRET": "recognisable-2",
        "COMMERCE_CONSUMER_KEY": "recognisable-3",
        "COMMERCE_CONSUMER_SECRET": "recognisable-4",
        "INGEST_TOKENS": "acme:recognisable-token-5",
    },
}

# Every computed value is made up anew in every run, but a project keeps its number.
MOCKS = """
mock_provider "archive" {}
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
"""


@dataclass
class Tested:
    """What ``terraform test`` said about one file.

    Attributes:
        runs: status by run: ``pass``, ``fail``, ``error``, ``skip``.
        said: every line, for a failure's message.
        states: state after each run that applied, by run.
        plans: plan of each run that only planned, by run.
    """

    runs: dict[str, str]
    said: str
    states: dict[str, dict]
    plans: dict[str, dict]


class Workspace:
    """A copy of what Terraform reads, initialised in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "terraform"
        shutil.copytree(
            CONFIGURATION,
            self.configuration,
            ignore=shutil.ignore_patterns(".terraform*", "build", "*.tfstate*"),
        )
        shutil.copytree(
            ROOT / "functions",
            folder / "functions",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("TF_")},
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "400",  # a run is short: memory is cheaper than collecting it
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
        }
        self._workers = ThreadPoolExecutor(os.cpu_count())

    def initialise(self) -> None:
        """Have the providers at hand."""
        found = _executable(providers(), self.folder / "plugins")
        options = ("-no-color", "-input=false", f"{PLUGIN_DIR}{found}")
        done = self.terraform("init", *options)
        assert done.returncode == 0, done.stdout + done.stderr

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run terraform in the copy."""
        return subprocess.run(
            [TERRAFORM, f"-chdir={self.configuration}", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def test(
        self, name: str, folder: str = "tests", file: Path | None = None
    ) -> Future[Tested]:
        """Start ``terraform test`` of ``folder/name``; as many at once as cores."""
        return self._workers.submit(self._test, name, folder, file)

    def scenario(self, name: str, *commands: str, **values) -> Future[Tested]:
        """Start runs of *commands* (``apply``, ``plan``), with *values* over VALUES."""
        return self._start(name, commands, VALUES | values)

    def example(self, name: str, text: str, secrets: dict) -> Future[Tested]:
        """Start a plan of a file of values, with only *secrets* added to it."""
        file = self.configuration / "scenarios" / name / "given.tfvars"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return self._start(name, ["plan"], {"secrets": secrets}, file)

    def _start(self, name, commands, variables, file=None) -> Future[Tested]:
        folder = self.configuration / "scenarios" / name
        folder.mkdir(parents=True, exist_ok=True)
        given = "".join(f"  {k} = {json.dumps(v)}\n" for k, v in variables.items())
        runs = "".join(f'run "{c}" {{\n  command = {c}\n}}\n' for c in commands)
        (folder / "scenario.tftest.hcl").write_text(
            f"{MOCKS}\nvariables {{\n{given}}}\n{runs}"
        )
        return self.test("scenario.tftest.hcl", f"scenarios/{name}", file)

    def _test(self, name: str, folder: str, file: Path | None) -> Tested:
        options = ["-verbose"] if folder != "tests" else []
        if file:
            options.append(f"-var-file={file}")
        done = self.terraform(
            "test",
            "-json",
            *options,
            f"-test-directory={folder}",
            f"-filter={folder}/{name}",
        )
        tested = Tested({}, done.stdout[-20_000:] + done.stderr, {}, {})
        for line in done.stdout.splitlines():
            record = json.loads(line)
            run = record.get("@testrun")
            match record["type"]:
                case "test_run" if record["test_run"].get("status"):
                    tested.runs[run] = record["test_run"]["status"]
                case "test_state":
                    tested.states[run] = record["test_state"]
                case "test_plan":
                    tested.plans[run] = record["test_plan"]
        return tested


def providers() -> Path | None:
    """The folder that has Terraform's providers; None where they cannot be had."""
    for argument in os.environ.get("TF_CLI_ARGS_init", "").split():
        if argument.startswith(PLUGIN_DIR):
            return Path(argument.removeprefix(PLUGIN_DIR))
    return MIRROR if MIRROR.is_dir() else _fetched()


@cache
def _fetched() -> Path | None:
    """Those of Terraform's registry, in a folder that goes when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="providers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(CONFIGURATION / "versions.tf", folder)
    try:
        done = subprocess.run(
            [TERRAFORM, f"-chdir={folder}", "init", "-backend=false", "-input=false"],
            env={**os.environ, "TF_DATA_DIR": str(folder / "data")},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return folder / "data" / "providers" if done.returncode == 0 else None


def _executable(mirror: Path, copy: Path) -> Path:
    """*mirror*, or a copy of it where links came as text files or without x bit."""
    binaries = [path for path in mirror.rglob("terraform-provider-*") if path.is_file()]
    assert binaries, f"no provider in {mirror}"
    if all(os.access(path, os.X_OK) for path in binaries):
        return mirror
    for path in binaries:
        source = path
        if path.stat().st_size < 4096:  # a symbolic link, written out by git
            target = path.read_text().strip()
            # Such a link is relative to its folder, or to where it was made.
            levels = (path.parent, *path.parents)
            found = [
                level / target for level in levels if (level / target).is_file()
            ] or [
                other for other in binaries if other.name == Path(target).name
            ]  # fmt: skip
            source = found[0]
        place = copy / path.relative_to(mirror)
        place.parent.mkdir(parents=True)
        shutil.copyfile(source, place)
        place.chmod(0o755)
    return copy
