"""A command line that posts a body to ingest again."""

import shlex

from cli.credentials import Credentials

# As docs/ingest.md has it; a repeated command is another event for the signature.
SIGNING = r"""id=msg_$(date +%s%N) time=$(date +%s)
key=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
signature=$(printf %s "$id.$time.$body" | openssl dgst -sha256 -mac HMAC \
  -macopt "hexkey:$key" -binary | base64)
"""
SIGNED = (
    ' -H "webhook-id: $id" -H "webhook-timestamp: $time"'
    ' -H "webhook-signature: v1,$signature"'
)


def curl_command(url: str, body: str, credentials: Credentials) -> str:
    """The command, quoted for a POSIX shell.

    Args:
        credentials: that ingest needs. No secret is in the command: it reads TOKEN or
            SECRET of the shell.
    """
    post = f"curl -sS {shlex.quote(url)} -H 'Content-Type: application/json'"
    # Not --data, which reads a file where the body begins with @.
    if credentials.token:
        post += ' -H "Authorization: Bearer $TOKEN"'
    elif credentials.secret:
        post += SIGNED
        return f'body={shlex.quote(body)}\n{SIGNING}{post} --data-raw "$body"'
    return f"{post} --data-raw {shlex.quote(body)}"
