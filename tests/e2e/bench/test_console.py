"""The console's bench measures the list page; its browser part takes an hour."""

import re

from bench import console


def test_the_list_page_is_measured(capsys):
    assert console.main(["--events", "2", "5", "--minutes", "0"]) == 0

    lines = capsys.readouterr().out.splitlines()[2:]
    assert [re.findall(r"[0-9.]+", line)[0] for line in lines] == ["2", "5"]
    assert all(len(re.findall(r"[0-9.]+", line)) == 4 for line in lines)
