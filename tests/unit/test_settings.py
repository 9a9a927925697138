"""Settings: read once, all errors together, without values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from functions.settings import (
    INVALID,
    Described,
    SettingsError,
    all_from_environment,
    described,
    flag,
    from_environment,
    listed,
    names,
    one_of,
    seconds,
    setting,
    text,
    whole,
)


@dataclass(frozen=True)
class Sample:
    """A settings record."""

    project: str = setting("PROJECT", text, "The project.")
    key: str = setting("KEY", text, "A key.", "", secret=True)
    size: int = setting("SIZE", whole(1, 9), "A size.", 3)
    where: str = setting("WHERE", text, "A place.", "", shown="here")

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        if given.get("SIZE") == 9 and "KEY" not in given:
            return ["SIZE is 9, so KEY must be set"]
        return []


def error_of(environment: dict) -> str:
    with pytest.raises(SettingsError) as raised:
        from_environment(Sample, environment)
    return str(raised.value)


def test_set_variables_are_read_others_have_defaults():
    assert from_environment(Sample, {"PROJECT": " p ", "SIZE": "4", "OTHER": "x"}) == (
        Sample("p", "", 4, "")
    )


def test_an_empty_variable_counts_as_unset():
    assert from_environment(Sample, {"PROJECT": "p", "SIZE": "", "KEY": "  "}) == (
        Sample("p", "", 3, "")
    )


def test_all_errors_are_reported_by_name_without_values():
    assert error_of({"SIZE": "hush"}) == (
        "Wrong settings: PROJECT is not set; SIZE must be a whole number from 1 to 9"
    )


def test_an_error_of_several_settings_is_reported():
    assert error_of({"PROJECT": "p", "SIZE": "9"}) == (
        "Wrong settings: SIZE is 9, so KEY must be set"
    )


def test_a_conflict_is_reported_beside_an_invalid_variable():
    assert error_of({"SIZE": "9"}) == (
        "Wrong settings: PROJECT is not set; SIZE is 9, so KEY must be set"
    )


@dataclass(frozen=True)
class Other:
    """Another record, one of whose settings needs another."""

    name: str = setting("NAME", text, "A name.", "")
    word: str = setting("WORD", text, "A word.", "", secret=True)
    count: int = setting("COUNT", whole(1), "A count.", 1)

    @staticmethod
    def conflicts(given: Mapping[str, Any]) -> list[str]:
        if "NAME" in given and "WORD" not in given:
            return ["NAME is set, but WORD is not"]
        return ["COUNT is invalid"] if given.get("COUNT") is INVALID else []


def test_a_check_of_several_settings_sees_which_are_invalid():
    with pytest.raises(SettingsError, match="from 1; COUNT is invalid$"):
        from_environment(Other, {"COUNT": "0"})


def test_several_records_are_read_at_once():
    records = all_from_environment({"PROJECT": "p", "WORD": "w"}, Sample, Other)

    assert records == [Sample("p"), Other("", "w")]


def test_errors_of_several_records_are_reported_at_once():
    with pytest.raises(SettingsError) as raised:
        all_from_environment({"NAME": "n", "SIZE": "0"}, Sample, Other)

    assert str(raised.value) == (
        "Wrong settings: PROJECT is not set; SIZE must be a whole number from 1 to 9;"
        " NAME is set, but WORD is not"
    )


def test_a_secret_is_not_in_the_repr():
    assert repr(Sample("p", "hush")) == "Sample(project='p', size=3, where='')"


def test_a_settings_record_describes_itself():
    assert names(Sample) == ["PROJECT", "KEY", "SIZE", "WHERE"]
    assert list(described(Sample)) == [
        Described("PROJECT", "The project.", "required", False),
        Described("KEY", "A key.", "", True),
        Described("SIZE", "A size.", "3", False),
        Described("WHERE", "A place.", "here", False),
    ]


def test_a_valid_text_is_read(subtests):
    for read, given, value in [
        (whole(0), "0", 0),
        (whole(-5, 5), "-5", -5),
        (seconds(0, 60), "0.5", 0.5),
        (one_of("a", "b"), "B", "b"),
        (flag, "Yes", True),
        (flag, "0", False),
        (listed, " a, ,b ", ("a", "b")),
        (listed, ",", ()),
    ]:
        with subtests.test(read=read):
            assert read(given) == value


def test_an_invalid_text_is_rejected_without_its_value(subtests):
    for read, given, sentence in [
        (whole(1), "0", "must be a whole number from 1"),
        (whole(1, 9), "10", "must be a whole number from 1 to 9"),
        (whole(1, 9), "1.0", "must be a whole number from 1 to 9"),
        (whole(1, 9), "²", "must be a whole number from 1 to 9"),
        (whole(1, 9), "--1", "must be a whole number from 1 to 9"),
        (whole(1, 9), "1_0", "must be a whole number from 1 to 9"),
        (seconds(0, 60), "nan", "must be seconds from 0 to 60"),
        (seconds(0, 60), "inf", "must be seconds from 0 to 60"),
        (seconds(0, 60), "-1", "must be seconds from 0 to 60"),
        (seconds(0, 60), "soon", "must be seconds from 0 to 60"),
        (one_of("a", "b"), "c", "must be one of a, b"),
        (flag, "perhaps", "must be true or false"),
    ]:
        with subtests.test(read=read):
            with pytest.raises(ValueError) as raised:  # noqa: PT011 - compared whole below
                read(given)

            assert str(raised.value) == sentence
