"""Which notes of our own changes still count after an event of Commerce."""

from functions.ledger.own_changes import Content, remaining_notes


def note(name: str, since: float) -> dict:
    return {
        "message_id": name,
        "since": since,
        "until": since + 600,
        "fields": {"name": name},
    }


def test_notes_of_later_changes_outlive_a_delivered_event():
    """Else several changes of one resource, each in doubt, would go round for ever."""
    delivered = Content({"name": "edited"}, {}, False, 1000.0)
    earlier, later = note("earlier", 999.0), note("later", 1000.5)

    assert remaining_notes([earlier, later], delivered, None) == [later]
