"""Adobe's two ways to validate the address; neither can be misused."""

import pytest

from functions.commerce_events.fetching import FetchFailed
from functions.commerce_events.registration import InvalidValidationUrl, pinned_url
from tests.support.adobe_deliveries import receiver_client

URL = "https://csm.adobe.io/csm/registrations/validate?id=1-a_b&challenge=x%2Dy"


@pytest.mark.parametrize("challenge", ["1b2c-3d4e", "A.b_c~d-9", "x" * 128])
def test_a_challenge_is_sent_back_as_text(client, challenge):
    response = client.get("/", params={"challenge": challenge})

    assert (response.status_code, response.text) == (200, challenge)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("challenge", ["", "<script>", "a b", "a\n", "é", "x" * 129])
def test_other_challenges_are_a_400(client, challenge):
    response = client.get("/", params={"challenge": challenge})

    assert response.status_code == 400
    assert "script" not in response.text
    assert client.get("/").status_code == 400


def test_a_validation_url_is_fetched(publisher):
    fetched = []

    def fetch(url, max_bytes, timeout_seconds):
        fetched.append(url)
        return b"ok"

    with receiver_client(publisher, fetch_validation=fetch) as client:
        response = client.post("/", json={"validationUrl": URL})

    assert response.status_code == 200
    assert fetched == [URL]
    assert publisher.published == []


def test_no_other_url_is_fetched(subtests, publisher):
    for url in [
        URL.replace("https", "http"),
        URL.replace("csm.adobe.io", "csm.adobe.io.evil.example"),
        URL.replace("csm.adobe.io", "csm.adobe.io:8443"),
        URL.replace("csm.adobe.io", "user@csm.adobe.io"),
        URL.replace("csm.adobe.io", "evil.example#csm.adobe.io"),
        URL.replace("csm.adobe.io/csm", "evil.example\\csm.adobe.io/csm"),
        URL.replace("/validate", "/validate/../other"),
        URL.replace("/validate", "/other"),
        URL + "#fragment",
        URL + "\r\nHost: evil.example",
        URL + "&x=" + "x" * 600,
        "https://csm.adobe.io/csm/registrations/validate",
        "https://csm.adobe.io/csm/registrations/validate?",
        "https://[/csm",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "",
        None,
        5,
        [URL],
    ]:
        with subtests.test(url=url):
            with pytest.raises(InvalidValidationUrl):
                pinned_url(url)
            with receiver_client(publisher, fetch_validation=pytest.fail) as client:
                assert client.post("/", json={"validationUrl": url}).status_code in (
                    400,
                    401,
                )


def test_a_failed_validation_is_an_alarm(publisher):
    def fail(*_):
        raise FetchFailed("the response was 500")

    written = []
    with receiver_client(
        publisher, write=written.append, fetch_validation=fail
    ) as client:
        response = client.post("/", json={"validationUrl": URL})

    assert response.status_code == 503
    assert b'"alarm":true' in written[-1]
