"""How a URL is shown."""

import pytest

from pipeline.contracts.urls import redact_text, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pass/word@host.example/a.mp4", "***"),
        ("https://example.com/a.mp4", "https://example.com/a.mp4"),
        ("https://user:secret@example.com:8443/a.mp4", "https://***@example.com:8443/a.mp4"),
        ("https://user@example.com/a.mp4", "https://***@example.com/a.mp4"),
        ("https://example.com/a.mp4?X-Signature=abc#t=1", "https://example.com/a.mp4?***#***"),
        ("https://a:b@c@example.com/", "https://***@example.com/"),
        ("http://[broken", "***"),
        ("", ""),
    ],
)
def test_url(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_text() -> None:
    said = "Redirect to 'http://u:p@example.com/x?key=1' failed"
    assert redact_text(said) == "Redirect to 'http://***@example.com/x?***' failed"
