"""The workspace JSON that Adobe's Developer Console downloads."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

API_SCOPE = "adobeio_api"


class InvalidWorkspace(Exception):
    """The file is not a workspace, or lacks something; the text says what."""


@dataclass(frozen=True)
class Workspace:
    """A workspace of a project, with its OAuth server-to-server credential.

    Attributes:
        text: the file's content, which Commerce's configuration takes as it is.
    """

    organization: str
    ims_organization: str
    project: str
    workspace: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    text: str = field(repr=False)

    @property
    def path(self) -> str:
        """Of its resources in the management API."""
        return f"{self.organization}/{self.project}/{self.workspace}"


def read_workspace(path: Path) -> Workspace:
    """Read the file at *path*.

    Raises:
        InvalidWorkspace: without any value of it.
    """
    text = path.read_text()
    try:
        project = json.loads(text)["project"]
        workspace = project["workspace"]
        credentials = workspace["details"]["credentials"]
        organization = project["org"]
        ids = {
            "organization": str(organization["id"]),
            "ims_organization": str(organization["ims_org_id"]),
            "project": str(project["id"]),
            "workspace": str(workspace["id"]),
        }
    except (ValueError, KeyError, TypeError):
        raise InvalidWorkspace(
            f"{path} is not a workspace file: open the workspace in the Developer"
            " Console and choose Download all"
        ) from None
    credential = _credential(credentials)
    if credential is None:
        raise InvalidWorkspace(
            f"{path} has no OAuth server-to-server credential with a secret: add the"
            " API I/O Management API to the workspace, with that credential, and"
            " download the file again"
        )
    scopes = tuple(credential.get("scopes") or ())
    if API_SCOPE not in scopes:
        raise InvalidWorkspace(
            f"the credential in {path} lacks the scope {API_SCOPE}: add the API"
            " I/O Management API to the workspace and download the file again"
        )
    return Workspace(
        **ids,
        client_id=credential["client_id"],
        client_secret=credential["client_secrets"][0],
        scopes=scopes,
        text=text,
    )


def _credential(credentials: Any) -> dict[str, Any] | None:
    for credential in credentials if isinstance(credentials, list) else ():
        oauth: dict[str, Any] = credential.get("oauth_server_to_server") or {}
        if oauth.get("client_id") and oauth.get("client_secrets"):
            return oauth
    return None
