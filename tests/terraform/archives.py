"""The archives as the module ``archives`` lists them, and processes that run them."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.terraform.workspace import ROOT, TERRAFORM, Workspace

UV = Path(sys.executable).parent / "uv"
ENVIRONMENTS = ROOT / ".local" / "environments"


MODULES = """
variable "roots" { type = map(string) }
module "archives" {
  for_each = var.roots
  source   = "../terraform/modules/archives"
  root     = each.value
}
output "archives" { value = { for key, one in module.archives : key => one.archives } }
"""


def archive_files(workspace: Workspace, roots: dict[str, Path]) -> dict[str, dict]:
    """The module's output for each root: files and digest by archive.

    The module needs no provider. One run lists them all.
    """
    folder = workspace.folder / "archives"
    folder.mkdir()
    (folder / "main.tf").write_text(MODULES)
    values = {"roots": {key: str(root) for key, root in roots.items()}}
    (folder / "terraform.tfvars.json").write_text(json.dumps(values))
    for arguments in (("init", "-input=false"), ("apply", "-json", "-auto-approve")):
        done = subprocess.run(
            [TERRAFORM, f"-chdir={folder}", *arguments],
            env=workspace.environment | {"TF_DATA_DIR": str(folder / "data")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    *_, outputs = [one["outputs"] for one in records if one["type"] == "outputs"]
    return outputs["archives"]["value"]


class Unpacked:
    """An archive in an empty folder, with an environment of its requirements.txt."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        archive = folder / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, path in files.items():
                zipped.write(path, name)
        self.folder = folder / "workspace"
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(self.folder)
        self.bin = self._environment() / "bin"
        # The build compiles every file, so a syntax error fails there.
        self._run(self.bin / "python", "-m", "compileall", "-f", "-q", ".")

    def _environment(self) -> Path:
        """The environment, which is kept with its bytecode until its file changes.

        Python would spend ten seconds of CPU in each new one to compile the libraries.
        """
        requirements = (self.folder / "requirements.txt").read_bytes()
        digest = hashlib.sha256(requirements + sys.version.encode()).hexdigest()
        environment = ENVIRONMENTS / digest[:16]
        environment.mkdir(parents=True, exist_ok=True)
        complete = environment / "complete"
        with (environment / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                options = ("--quiet", "--clear", "--python", sys.executable)
                self._run(UV, "venv", *options, environment / "venv")
                python = environment / "venv" / "bin" / "python"
                self._run(
                    *(UV, "pip", "install", "--quiet", "--python", python),
                    *("--require-hashes", "--requirement", "requirements.txt"),
                )
                complete.touch()
        return environment / "venv"

    def _run(self, *command) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, target: str, port: int, environment: dict[str, str], log):
        """Start it as the platform does: one command, the rest is environment."""
        return subprocess.Popen(
            [self.bin / "functions-framework"],
            cwd=self.folder,
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "FUNCTION_SIGNATURE_TYPE": "http",
                "FUNCTION_TARGET": target,
                "K_CONFIGURATION": f"commerce-{target}",
                "K_REVISION": f"commerce-{target}-00001-abc",
                "K_SERVICE": f"commerce-{target}",
                "PORT": str(port),
                **environment,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
