"""Owns how a URL is shown to a person: without what opens doors."""

import re
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "***"
_IN_TEXT = re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s'\"<>]+)", re.IGNORECASE)


def redact_url(url: str) -> str:
    """The URL with its user, password, query and fragment hidden; never raises.

    A query is hidden as a whole: signed URLs carry their key in parameters of any name.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for `user:pass/word@host`, whose password would pass for a path
    except ValueError:
        return HIDDEN
    _, at, host = parts.netloc.rpartition("@")
    query = HIDDEN if parts.query else ""
    fragment = HIDDEN if parts.fragment else ""
    return urlunsplit((parts.scheme, f"{HIDDEN}@{host}" if at else host, parts.path, query, fragment))


def redact_text(text: str) -> str:
    """A text, such as another library's error message, with every URL in it redacted."""
    return _IN_TEXT.sub(lambda match: redact_url(match.group(1)), text)
