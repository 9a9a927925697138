"""The requests of ``make check-commerce``, compared with Adobe's definitions."""

import pytest

from cli.store_checks import READS
from tests.support.adobe_definitions import VERSIONS, request_errors

pytestmark = pytest.mark.adobe


def test_every_check_matches_adobes_definition(subtests):
    for path, query in [(route, query) for _, route, query in READS]:
        for version in VERSIONS:
            with subtests.test(path=path, version=version):
                assert request_errors(version, "GET", f"/V1/{path}", query) == []
