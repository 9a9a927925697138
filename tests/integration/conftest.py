"""What all integration tests share."""

from tests.support.forking import _fork_server  # noqa: F401 used by every test
