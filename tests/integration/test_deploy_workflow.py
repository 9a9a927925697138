"""``.github/configure.sh`` writes values and backend, or names what is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = {"STATE_BUCKET": "acme-state", "TFVARS": 'project_id = "acme-shop"'}


@pytest.fixture
def configure(tmp_path):
    """Runs the script in a folder of its own with these variables."""
    (tmp_path / ".github").mkdir()
    (tmp_path / "terraform").mkdir()
    shutil.copy(ROOT / ".github/configure.sh", tmp_path / ".github")

    def run(variables):
        return subprocess.run(
            [shutil.which("bash"), tmp_path / ".github/configure.sh"],
            env={"PATH": "/usr/bin:/bin", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_values_and_backend_are_written(configure, tmp_path):
    done = configure(VARIABLES)

    assert (done.returncode, done.stderr) == (0, "")
    values = (tmp_path / "terraform/terraform.tfvars").read_text()
    assert values == 'project_id = "acme-shop"\n'
    backend = (tmp_path / "terraform/backend_override.tf").read_text()
    assert 'backend "gcs" {\n    bucket = "acme-state"' in backend


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_missing_variable_is_named(configure, tmp_path, name):
    done = configure(VARIABLES | {name: ""})

    assert done.returncode != 0
    assert f"set the repository variable {name}" in done.stderr
    assert list((tmp_path / "terraform").iterdir()) == []
