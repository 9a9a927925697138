"""What is uploaded, put together from the archives' module and nothing else."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.terraform.workspace import TERRAFORM, Workspace


def listed(workspace: Workspace, root: Path) -> dict[str, dict]:
    """The module's output: files and digest by archive; it needs no provider."""
    module = "modules/archives"
    state = workspace.folder / f"archives-{abs(hash(root))}.tfstate"
    terraform = [f"-chdir={workspace.configuration / module}"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [TERRAFORM, *terraform, *arguments],
            env=workspace.environment
            | {"TF_DATA_DIR": str(workspace.folder / "archives-data")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", "-input=false")
    run("apply", "-auto-approve", f"-state={state}", f"-var=root={root}")
    return json.loads(run("output", "-json", f"-state={state}", "archives"))


class Unpacked:
    """An archive in an empty folder with what its requirements.txt asks for."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        archive = folder / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, path in files.items():
                zipped.write(path, name)
        self.folder = folder / "workspace"
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(self.folder)
        self.bin = folder / "venv" / "bin"
        self._run(sys.executable, "-m", "venv", folder / "venv")
        self._run(self.bin / "pip", "install", "-q", "-r", "requirements.txt")
        # As the build does, to find what cannot even be read.
        self._run(self.bin / "python", "-m", "compileall", "-f", "-q", ".")

    def _run(self, *command) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, target: str, port: int, environment: dict[str, str], log):
        """Start it as the platform does: one word, the rest is environment."""
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
