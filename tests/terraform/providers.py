"""Where Terraform's providers come from; only their schema is needed.

First the folder that TF_CLI_ARGS_init names with -plugin-dir, then
``../shared/terraform/mirror`` beside the repository, then Terraform's registry, whose
providers stay in ``.local/providers``. Without them, the tests that need them are
skipped (``tests/conftest.py``).
"""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "terraform"
MIRROR = ROOT.parent / "shared" / "terraform" / "mirror"
DOWNLOADED = ROOT / ".local" / "providers"
TERRAFORM = shutil.which("terraform") or "terraform"
PLUGIN_DIR = "-plugin-dir="
DOWNLOAD_SECONDS = 300
# Terraform waits and retries for most of a minute where it cannot reach its registry.
QUICK_FAILURE = {"TF_REGISTRY_CLIENT_TIMEOUT": "5", "TF_REGISTRY_DISCOVERY_RETRY": "0"}


def providers() -> Path | None:
    """The folder with the providers; None if none can be had."""
    for argument in os.environ.get("TF_CLI_ARGS_init", "").split():
        if argument.startswith(PLUGIN_DIR):
            return Path(argument.removeprefix(PLUGIN_DIR))
    return MIRROR if MIRROR.is_dir() else _downloaded()


@cache
def _downloaded() -> Path | None:
    """The providers of Terraform's registry; one process downloads, others wait."""
    DOWNLOADED.mkdir(parents=True, exist_ok=True)
    complete = DOWNLOADED / "complete"
    with (DOWNLOADED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (CONFIGURATION / "versions.tf").read_text()
        if not complete.is_file() or complete.read_text() != wanted:
            shutil.copy(CONFIGURATION / "versions.tf", DOWNLOADED)
            command = ["init", "-backend=false", "-input=false"]
            try:
                done = subprocess.run(
                    [TERRAFORM, f"-chdir={DOWNLOADED}", *command],
                    env={**os.environ, **QUICK_FAILURE, "CHECKPOINT_DISABLE": "1"},
                    capture_output=True,
                    timeout=DOWNLOAD_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return None
            if done.returncode != 0:
                return None
            complete.write_text(wanted)
    return DOWNLOADED / ".terraform" / "providers"


def executable(mirror: Path, copy: Path) -> Path:
    """*mirror*, or a copy in which every provider is an executable file.

    A checkout may have dropped the executable bit, or written symbolic links as text.
    """
    binaries = [path for path in mirror.rglob("terraform-provider-*") if path.is_file()]
    assert binaries, f"no provider in {mirror}"
    if all(os.access(path, os.X_OK) for path in binaries):
        return mirror
    for path in binaries:
        source = path
        if path.stat().st_size < 4096:  # the text of a symbolic link
            target = path.read_text().strip()
            # Such a link is relative to its folder, or to where it was created.
            sources = [
                level / target
                for level in (path.parent, *path.parents)
                if (level / target).is_file()
            ] or [other for other in binaries if other.name == Path(target).name]
            source = sources[0]
        destination = copy / path.relative_to(mirror)
        destination.parent.mkdir(parents=True)
        shutil.copyfile(source, destination)
        destination.chmod(0o755)
    return copy
