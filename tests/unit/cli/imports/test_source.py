"""Rows are read from CSV, NDJSON and JSON arrays, one at a time."""

import io
import itertools
import json

import pytest

from cli.imports.source import CountedStream, Row, SourceError, open_source


def rows(content: bytes, format=None, encoding="utf-8", delimiter=",", **limits):
    stream = CountedStream(io.BytesIO(content))
    opened = open_source(stream, format, encoding, delimiter, **limits)
    return opened.header, list(opened.rows)


def test_the_format_is_told_by_the_first_character(subtests):
    for content, format in [
        (b"sku,qty\nA,1\n", "csv"),
        (b"\xef\xbb\xbfsku,qty\nA,1\n", "csv"),
        (b'\n {"a": 1}\n', "ndjson"),
        (b'\xef\xbb\xbf{"a": 1}\n', "ndjson"),
        (b' [{"a": 1}]', "json"),
    ]:
        with subtests.test(content=content):
            stream = CountedStream(io.BytesIO(content))

            assert open_source(stream, None, "utf-8", ",").format == format


def test_a_row_has_the_number_of_its_first_line():
    header, read = rows(b'sku,name\nA,"two\nlines"\n\n,\nB,x\n')

    assert header == ["sku", "name"]
    assert read == [Row(2, ["A", "two\nlines"]), Row(6, ["B", "x"])]


def test_another_delimiter_and_encoding_are_read():
    header, read = rows("sku;name\nA;Größe\n".encode("cp1252"), None, "cp1252", ";")

    assert (header, read) == (["sku", "name"], [Row(2, ["A", "Größe"])])


def test_a_row_in_another_encoding_harms_no_other():
    _, read = rows(b"sku,name\nA,Gr\xf6\xdfe\nB,x\n")

    assert [(row.number, bool(row.error)) for row in read] == [(2, True), (3, False)]
    assert read[0].error.endswith("name its encoding with --encoding")


def test_a_row_that_is_no_csv_harms_no_other():
    _, read = rows(b'sku,name\nA,"x"y\nB,x\nC,"open\nD,x\n')

    assert [(row.number, bool(row.error)) for row in read] == [
        (2, True),
        (3, False),
        (4, True),
    ]
    assert read[2].error.startswith("Lines 4 to 5 are not valid CSV")


@pytest.mark.parametrize("content", [b"", b'"sku\n'])
def test_csv_without_header_is_an_error(content):
    with pytest.raises(SourceError, match="has no header row"):
        rows(content, "csv")


def test_an_unknown_encoding_is_an_error():
    with pytest.raises(SourceError, match="--encoding klingon"):
        rows(b"x", encoding="klingon")


def test_each_line_of_ndjson_is_a_row():
    _, read = rows(b'{"a": 1}\n\n{"a": \n{"a": "\xff"}\r\n{"a": 2}')

    assert [row.number for row in read] == [1, 3, 4, 5]
    assert [row.content for row in read] == [{"a": 1}, None, None, {"a": 2}]


def test_a_line_that_is_too_long_is_skipped():
    content = b'{"a": "' + 300 * b"x" + b'"}\n{"a": 1}\n'
    _, read = rows(content, max_row_characters=100)

    assert [row.error for row in read] == ["The line is too long for one event", ""]
    assert read[1] == Row(2, {"a": 1})


@pytest.mark.parametrize("chunk", [1, 7, 65_536])
def test_the_items_of_an_array_are_counted(chunk):
    items = [{"a": [1, {"b": "]"}]}, {"c": "é,"}, {}]

    content = json.dumps(items, indent=1).encode()
    _, read = rows(content, "json", chunk_characters=chunk)

    assert read == [Row(number, item) for number, item in enumerate(items, 1)]
    assert rows(b" [ ] ", "json") == (None, [])


def test_a_broken_array_ends_with_an_error(subtests):
    for content, whole in [
        (b'[{"a": 1}, {"a": }]', 1),
        (b'[{"a": 1}', 1),
        (b'[{"a": 1} {}]', 1),
        (b"{}", 0),
    ]:
        with subtests.test(content=content):
            _, read = rows(content, "json")

            assert [bool(row.error) for row in read] == [False] * whole + [True]
            assert read[-1].number == whole + 1


def test_a_large_array_is_read_in_pieces():
    """No more of the file is read than the rows that were asked for need."""
    content = json.dumps([{"sku": "x" * 1000}] * 2000).encode()
    stream = CountedStream(io.BytesIO(content))
    opened = open_source(stream, None, "utf-8", ",")

    assert len(list(itertools.islice(opened.rows, 10))) == 10
    assert stream.count < 400_000 < len(content)
