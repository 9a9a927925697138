"""A command line that posts a body to ingest again."""

import shlex


def curl_command(url: str, body: str, *, with_token: bool) -> str:
    """The command, quoted for a POSIX shell.

    Args:
        with_token: ingest needs one; the command reads it from TOKEN, so that no secret
            is copied.
    """
    words = ["curl", "-sS", url, "-H", "Content-Type: application/json"]
    command = " ".join(map(shlex.quote, words))
    if with_token:
        command += ' -H "Authorization: Bearer $TOKEN"'
    return f"{command} --data-raw {shlex.quote(body)}"
