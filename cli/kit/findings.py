"""What ``check-kit`` reports."""

from dataclasses import dataclass
from typing import Literal

# work and danger need someone to act; ok and note do not.
Verdict = Literal["ok", "note", "work", "danger"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: ``settings``, ``events``, ``code`` or ``security``.
        name: of the setting, event or file.
        detail: one sentence: what it is, then what to do.
    """

    subject: str
    verdict: Verdict
    name: str
    detail: str

    @property
    def needs_work(self) -> bool:
        """Whether someone must act."""
        return self.verdict in ("work", "danger")
