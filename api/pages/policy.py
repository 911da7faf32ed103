"""Owns what a page may load and do in the browser: its content security policy and the headers beside it."""

NOSNIFF = {"X-Content-Type-Options": "nosniff"}
_RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def page_headers(charts: bool = False) -> dict[str, str]:
    """The headers of a page; `charts` lets Bokeh put its styles into the document. Inline scripts never run."""
    rules = dict(_RULES)
    if charts:
        rules["style-src"] += " 'unsafe-inline'"
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
        "Cache-Control": "private, no-cache",
        **NOSNIFF,
    }
