"""``tools/tool.sh`` installs a locked environment once per lock."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = """#!/bin/bash
echo "uv $*" >>"$HOME/calls"
[ -z "$FAIL" ] || [ "$1" != pip ] || exit 1
folder=${!#}
[ "$1" != venv ] || { mkdir -p "$folder/bin"; cp "$HOME/program" "$folder/bin/python"
  cp "$HOME/program" "$folder/bin/tool"; }
"""


@pytest.fixture
def run(tmp_path):
    """Runs ``tool.sh audit tool --option``; returns the commands of uv."""
    (tmp_path / "tools" / "locks").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "tool.sh", tmp_path / "tools")
    (tmp_path / "tools" / "locks" / "audit.txt").write_text("tool==1\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name, text in (
        (".venv/bin/uv", UV),
        ("program", '#!/bin/bash\necho "ran $*"\n'),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run_tool(status=0, **environment):
        (tmp_path / "calls").write_text("")
        done = subprocess.run(
            ["/bin/bash", tmp_path / "tools" / "tool.sh", "audit", "tool", "--option"],
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert done.stdout == ("" if status else "ran --option\n")
        return [
            line.split()[1] for line in (tmp_path / "calls").read_text().splitlines()
        ]

    return run_tool


def test_environment_is_installed_once(run, tmp_path):
    assert run() == ["venv", "pip"]
    assert run() == []

    (tmp_path / "tools" / "locks" / "audit.txt").write_text("tool==2\n")

    assert run() == ["venv", "pip"]


def test_interrupted_installation_is_repeated(run):
    assert run(status=1, FAIL="yes") == ["venv", "pip"]
    assert run() == ["venv", "pip"]
