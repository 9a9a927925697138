"""The filters of the console's templates."""

from local.console.pages import templates


def test_a_command_to_copy_is_quoted():
    page = templates().from_string("{{ key|trace }}")

    assert page.render(key="erp-1") == "make trace UID=erp-1"
    assert page.render(key="x'; touch y") == (
        "make trace UID=&#39;x&#39;&#34;&#39;&#34;&#39;; touch y&#39;"
    )
