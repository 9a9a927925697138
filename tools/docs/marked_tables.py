"""Tables of a written page that are generated between their markers."""


def replace_table(page: str, marker: str, table: str) -> str:
    """*page* with *table* between ``<!-- marker -->`` and ``<!-- /marker -->``."""
    start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
    before, _, rest = page.partition(start)
    return before + start + table + "\n" + end + rest.partition(end)[2]
