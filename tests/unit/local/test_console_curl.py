"""The command that posts an event again, run by a shell with a curl of our own."""

import os
import shutil
import subprocess

import pytest

from cli.credentials import Credentials
from functions.standard_webhooks import is_signed
from local.console.curl import curl_command

BODY = '{"data": {"uid": "it\'s $HOME `id`", "value": "\\\\ é\n"}}'
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CREDENTIALS = [Credentials(), Credentials("token-1"), Credentials(secret=SECRET)]


@pytest.mark.parametrize("credentials", CREDENTIALS, ids=["none", "token", "hmac"])
@pytest.mark.skipif(
    "CI" not in os.environ and shutil.which("openssl") is None, reason="needs openssl"
)
def test_a_copied_command_posts_the_same_body(credentials, tmp_path):
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    curl.chmod(0o755)
    command = curl_command("http://127.0.0.1:8080", BODY, credentials)
    assert "token-1" not in command
    assert SECRET not in command

    result = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        check=True,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "TOKEN": "token-1",
            "SECRET": SECRET,
        },
    )

    words = result.stdout.decode().split("\0")[:-1]
    headers = dict(
        words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H"
    )
    assert words[words.index("--data-raw") + 1] == BODY
    assert headers.get("Authorization") == (
        "Bearer token-1" if credentials.token else None
    )
    assert is_signed(SECRET, headers, BODY.encode()) == bool(credentials.secret)
