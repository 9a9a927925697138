"""A uid: text without control characters, or a whole number, kept as text."""

from tests.support.ingest_app import CREATE, event, post


def test_a_uid_is_kept_as_text(subtests, client, publisher):
    for uid, kept in [
        ("erp-1", "erp-1"),
        (15, "15"),
        (0, "0"),
        (-3, "-3"),
        ("u" * 256, "u" * 256),
        ("é" * 128, "é" * 128),
        (10**255, str(10**255)),
        (" ", " "),
        ("\xa0\u2028😀", "\xa0\u2028😀"),
    ]:
        with subtests.test(uid=uid):
            publisher.published.clear()
            assert post(client, event(uid=uid)).status_code == 200
            [(_, message)] = publisher.published
            assert message.attributes["ce-id"] == kept


def test_an_invalid_uid_is_rejected(subtests, client, publisher):
    for uid, error in [
        ("u" * 257, "Must be at most 256 bytes."),
        ("u" * 2000, "Must be at most 256 bytes."),
        ("é" * 129, "Must be at most 256 bytes."),
        (10**256, "Must be at most 256 bytes."),
        (10**4000, "Must be at most 256 bytes."),
        *(
            (uid, "Must not hold control characters or lone surrogates.")
            for uid in (
                "a\0b",
                "a\ud800",
                "a\nb",
                "a\t",
                "\x1f",
                "\x7f",
                "\x80a",
                "\x9f",
            )
        ),
        (None, "Must be text or a whole number."),
        (True, "Must be text or a whole number."),
        (15.0, "Must be text or a whole number."),
        ({}, "Must be text or a whole number."),
        (["1"], "Must be text or a whole number."),
    ]:
        with subtests.test(uid=uid):
            response = post(client, event(uid=uid))

            assert response.status_code == 400
            assert response.json() == {
                "error": f"Invalid value for {CREATE}",
                "errors": {"data.uid": [error]},
            }
            assert publisher.published == []
