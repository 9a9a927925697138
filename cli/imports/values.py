"""Makes the values of one event from rows: columns, constants and types."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from functions.events.catalog import Event
from functions.events.fields import Boolean, Id, Number, ObjectList, Text

WORDS = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
POINT = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
# With a comma for decimals, points separate thousands: 1.234,5
COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", re.ASCII)
MAX_ITEMS = 100  # of a list that columns fill


class MappingError(ValueError):
    """Columns and fields do not fit together; for the operator."""


class Cell(NamedTuple):
    """How one column becomes a field.

    Attributes:
        column: its number; None for a constant.
        path: the field's names, and indexes in lists.
    """

    column: int | None
    path: list[str]
    field: fields.Field
    constant: str = ""


class Values:
    """Makes values of *event*.

    Args:
        header: the columns of CSV; None for rows that are JSON.
        mapping: columns by field. A column with the name of a field needs none.
            Fields within others have dotted paths: ``comment.comment``,
            ``items.0.qty``.
        constants: texts by field.

    Attributes:
        unused: columns that fill no field.

    Raises:
        MappingError: a field or column is unknown, or a required field has no column.
    """

    def __init__(
        self,
        event: Event,
        header: Sequence[str] | None,
        mapping: Mapping[str, str],
        constants: Mapping[str, str],
        decimal_comma: bool = False,
    ) -> None:
        self._schema = event.schema
        self._mapping = mapping
        self._decimal_comma = decimal_comma
        self._cells = [
            Cell(None, name.split("."), self._field(name), text)
            for name, text in constants.items()
        ]
        for name in mapping:
            self._field(name)
        self._header_length = 0
        self.unused: list[str] = []
        if header is not None:
            self._map_columns(event, header)

    def _map_columns(self, event: Event, header: Sequence[str]) -> None:
        self._header_length = len(header)
        constant = {".".join(cell.path) for cell in self._cells}
        columns = {
            name: name
            for name in header
            if name not in constant and field_at(self._schema, name.split("."))
        } | dict(self._mapping)
        for name, column in columns.items():
            if header.count(column) != 1:
                number = "no" if column not in header else "more than one"
                raise MappingError(
                    f"The file has {number} column {column!r}; its columns are:"
                    f" {', '.join(header)}"
                )
            cell = Cell(header.index(column), name.split("."), self._field(name))
            self._cells.append(cell)
        used = {cell.path[0] for cell in self._cells}
        missing = [
            name
            for name, field in self._schema.fields.items()
            if field.required and name not in used
        ]
        if missing:
            raise MappingError(
                f"{event.name} needs the fields {', '.join(missing)}, and no column has"
                f" such a name: add --map {missing[0]}=COLUMN, or --set"
                f" {missing[0]}=VALUE for all rows. Columns: {', '.join(header)}"
                f"{_delimiter_hint(header)}"
            )
        mapped = set(columns.values())
        self.unused = [name for name in header if name not in mapped]

    def of_cells(self, cells: Sequence[str]) -> dict[str, Any]:
        """The value of a row of CSV; text that is not of its type stays text.

        Raises:
            ValueError: the row has more cells than the header.
        """
        if len(cells) > self._header_length and any(cells[self._header_length :]):
            raise ValueError(
                f"The row has {len(cells)} cells, and the header {self._header_length}:"
                " check --delimiter and quotation marks"
            )
        value: dict[str, Any] = {}
        for cell in self._cells:
            if cell.column is None:
                text = cell.constant
            else:
                text = cells[cell.column] if cell.column < len(cells) else ""
                # An empty cell is no value, where text is not required.
                if not text and not (cell.field.required and _is_text(cell.field)):
                    continue
            _assign(value, cell.path, convert(cell.field, text, self._decimal_comma))
        return value

    def of_object(self, row: dict[str, Any]) -> dict[str, Any]:
        """The value of a row that is a JSON object, with its own types.

        Raises:
            ValueError: a field is set within what is no object.
        """
        value = dict(row)
        renamed = {
            name: row[column] for name, column in self._mapping.items() if column in row
        }
        for column in {*self._mapping.values()} - renamed.keys():
            value.pop(column, None)
        try:
            for name, item in renamed.items():
                _assign(value, name.split("."), item)
            for cell in self._cells:
                converted = convert(cell.field, cell.constant, self._decimal_comma)
                _assign(value, cell.path, converted)
        except (TypeError, AttributeError, IndexError):
            raise ValueError("A field is set within what is no object") from None
        return value

    def _field(self, name: str) -> fields.Field:
        field = field_at(self._schema, name.split("."))
        if field is None:
            known = ", ".join(_paths(self._schema))
            raise MappingError(f"There is no field {name!r}; the fields are: {known}")
        return field


def _delimiter_hint(header: Sequence[str]) -> str:
    """Which delimiter a *header* of one column seems to have."""
    if len(header) == 1:
        for character, name in ((";", "';'"), ("\t", "tab"), ("|", "'|'")):
            if character in header[0]:
                return f". If the file has several columns: --delimiter {name}"
    return ""


def field_at(schema: Schema, path: list[str]) -> fields.Field | None:
    """The field of *schema* at *path*; None where there is none."""
    first, *rest = path
    field = schema.fields.get(first)
    if not rest or field is None:
        return field
    if isinstance(field, fields.Nested):
        return field_at(field.schema, rest)
    if isinstance(field, ObjectList) and rest[0].isdigit() and len(rest) > 1:
        return field_at(field.item, rest[1:]) if int(rest[0]) < MAX_ITEMS else None
    return None


def _paths(schema: Schema) -> Iterator[str]:
    for name, field in schema.fields.items():
        if isinstance(field, fields.Nested):
            yield from (f"{name}.{path}" for path in _paths(field.schema))
        elif isinstance(field, ObjectList):
            yield from (f"{name}.0.{path}" for path in _paths(field.item))
        else:
            yield name


def _is_text(field: fields.Field) -> bool:
    return isinstance(field, Text)


def convert(field: fields.Field, text: str, decimal_comma: bool) -> Any:
    """*text* as the type of *field*; as it is where it is not of that type.

    The schema then says what is wrong with it.
    """
    for kind, read in _READERS:
        if isinstance(field, kind):
            return read(text.strip(), decimal_comma)
    return text


def _number(text: str, decimal_comma: bool) -> Any:
    if not (COMMA if decimal_comma else POINT).fullmatch(text) or len(text) > 30:
        return text
    if decimal_comma:
        text = text.replace(".", "").replace(",", ".")
    return float(text) if "." in text else int(text)


def _id(text: str, decimal_comma: bool) -> Any:
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else text


def _boolean(text: str, decimal_comma: bool) -> Any:
    return WORDS.get(text.lower(), text)


def _document(text: str, decimal_comma: bool) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_READERS: tuple[tuple[type[fields.Field], Callable[[str, bool], Any]], ...] = (
    (Number, _number),
    (Id, _id),
    (Boolean, _boolean),
    (ObjectList, _document),
    (fields.Nested, _document),
)


def _assign(value: dict[str, Any], path: list[str], item: Any) -> None:
    """Set the field at *path*; lists grow by empty objects."""
    container: Any = value
    for step, following in zip(path, path[1:], strict=False):
        empty: Any = [] if following.isdigit() else {}
        if isinstance(container, list):
            container += [{} for _ in range(int(step) + 1 - len(container))]
            container = container[int(step)]
        else:
            container = container.setdefault(step, empty)
    container[path[-1]] = item
