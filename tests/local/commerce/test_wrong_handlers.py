"""A handler that breaks a rule is found out, so that both cannot share an error."""

import pytest

from tests.local.commerce.wrong import CASES
from tests.local.commerce.wrong.case import outcome


@pytest.fixture(params=CASES)
def case(request, commerce):
    found = CASES[request.param]
    commerce.rules(**found.rules)
    found.before(commerce)
    return found


def test_a_wrong_handler_is_noticed(case, commerce):
    assert outcome(commerce, case.wrong, case.show) == case.noticed


def test_the_right_one_passes(case, commerce):
    assert outcome(commerce, case.right, case.show) == case.good


def test_what_is_noticed_is_not_what_is_good():
    assert [name for name, case in CASES.items() if case.noticed == case.good] == []
