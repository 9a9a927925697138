"""The licences of all deployed packages are known and allowed."""

from email.message import Message

from tools import licences


def test_every_deployed_package_is_allowed(capsys):
    status = licences.main()

    listed = capsys.readouterr().out
    assert status == 0, listed
    assert [line.split()[0] for line in listed.splitlines()] == licences.deployed()
    assert len(licences.deployed()) > 30


def test_licence_is_read_from_metadata(subtests):
    for fields, expected in [
        ({"License-Expression": "MIT"}, "MIT"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"License": "MIT\nCopyright"}, "MIT"),
        (
            {"Classifier": "License :: OSI Approved :: BSD License"},
            "BSD-3-Clause",
        ),
        ({"License": "Commercial"}, "Commercial"),
        ({}, "no licence"),
    ]:
        with subtests.test(fields=fields):
            metadata = Message()
            for name, value in fields.items():
                metadata[name] = value

            assert licences.licence(metadata) == expected


def test_only_listed_licences_are_allowed(subtests):
    for expression, expected in [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("Apache-2.0 AND BSD-3-Clause", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("no licence", False),
    ]:
        with subtests.test(expression=expression):
            assert licences.is_allowed(expression) is expected


def test_unknown_licence_fails_the_check(capsys, monkeypatch):
    monkeypatch.setattr(licences, "ALLOWED", licences.ALLOWED - {"MPL-2.0"})

    assert licences.main() == 1
    assert "MPL-2.0  NOT ALLOWED" in capsys.readouterr().out
