"""What git ignores: files with secrets and personal data."""

import shutil
import subprocess

from tests.support.markdown import ROOT


def test_secrets_and_state_are_ignored(subtests, tmp_path):
    for path, is_ignored in [
        (".local/state.sqlite", True),
        (".local2/ledger.key", True),
        (".local-shop/stack.json", True),
        (".env", True),
        (".env.staging", True),
        (".env.example", False),
        ("local/stack.py", False),
    ]:
        with subtests.test(path=path):
            git = shutil.which("git")
            subprocess.run([git, "init", "-q", tmp_path], check=True)
            shutil.copy(ROOT / ".gitignore", tmp_path)

            done = subprocess.run(
                [git, "check-ignore", "-q", path], cwd=tmp_path, check=False
            )

            assert done.returncode == (0 if is_ignored else 1)
