"""axe-core, the accessibility checker: npm installs it, the browser runs it."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from selenium import webdriver

from tests.support import machine

# The digest is that of axe.min.js.
VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
FOLDER = machine.ROOT / "build" / "axe"  # not committed
SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
INSTALL_SECONDS = 120
RUN = """
const [options, exclude, done] = arguments;
// What is loaded for rules about media and the device's orientation is not needed.
axe.run({ exclude }, { resultTypes: ["violations"], preload: false, ...options }).then(
  (results) => done(results.violations.flatMap((one) => one.nodes.map(
    (node) => `${one.id}: ${one.help} at ${node.target} ${node.html.slice(0, 200)}`))),
  (error) => done([String(error)]));
"""


class NotInstalled(Exception):
    """npm could not install axe-core; the text says what to do."""


@cache
def script() -> str:
    """The source of axe-core, installed at the first call.

    Raises:
        NotInstalled: its registry cannot be reached, or the file is another one.
    """
    if not _is_intact():
        done = subprocess.run(
            [
                *(shutil.which("npm"), "install", f"axe-core@{VERSION}"),
                *("--no-save", "--ignore-scripts", "--no-audit", "--no-fund"),
                *("--prefix", str(FOLDER)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
        if done.returncode:
            raise NotInstalled(
                f"npm cannot install axe-core, check its registry: {done.stderr[-500:]}"
            )
        if not _is_intact():
            raise NotInstalled(f"{SCRIPT} is not axe-core {VERSION}: correct SHA256")
    return SCRIPT.read_text()


def violations(
    driver: webdriver.Chrome,
    options: Mapping[str, Any] = MappingProxyType({}),
    exclude: Sequence[str] = (),
) -> list[str]:
    """What axe-core objects to in the open page, one line each.

    Args:
        options: of ``axe.run``; without any, all rules apply that are on by default.
        exclude: selectors of elements that are not checked.
    """
    if not driver.execute_script("return Boolean(window.axe)"):
        # Not as an element of the page: its content security policy forbids that.
        driver.execute_script(f"{script()};window.axe = axe;")
    return driver.execute_async_script(RUN, dict(options), [[one] for one in exclude])


def _is_intact() -> bool:
    if not SCRIPT.is_file():
        return False
    return hashlib.sha256(SCRIPT.read_bytes()).hexdigest() == SHA256
