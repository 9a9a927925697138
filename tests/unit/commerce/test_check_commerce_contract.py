"""The requests of ``make check-commerce``, compared with Adobe's definitions."""

import pytest

from cli.store_checks import READS
from tests.support.adobe_definitions import VERSIONS, request_errors

pytestmark = pytest.mark.adobe


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("path", "query"),
    [(route, query) for _, route, query in READS],
    ids=[route for _, route, _ in READS],
)
def test_every_check_matches_adobes_definition(version, path, query):
    assert request_errors(version, "GET", f"/V1/{path}", query) == []
