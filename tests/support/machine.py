"""Which tools of some test suites this machine has."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"  # reference material beside the repository
# An emulator runs for a minute: what Java spends on later speed is lost.
QUICK_JAVA = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


def reference() -> Path | None:
    """The folder of Adobe's samples and OpenAPI, beside the repository."""
    folder = SHARED / "reference"
    return folder if folder.is_dir() else None


def chromium() -> str | None:
    """Path of Chromium or Chrome, where its driver is installed too."""
    if shutil.which("chromedriver") is None:
        return None
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def npm() -> str | None:
    """Path of npm, where Chromium and its driver are installed too."""
    return shutil.which("npm") if chromium() else None


@cache
def emulators() -> Path | None:
    """The Cloud SDK's ``platform`` folder; None without both emulators and Java."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    platform = Path(gcloud).resolve().parents[1] / "platform"
    if not platform.is_dir():  # a program in between; to ask takes a second
        platform = Path(_sdk_root(gcloud)) / "platform"
    names = ("pubsub-emulator", "cloud-firestore-emulator")
    return platform if all((platform / name).is_dir() for name in names) else None


def _sdk_root(gcloud: str) -> str:
    info = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
    )
    return info.stdout.strip()
