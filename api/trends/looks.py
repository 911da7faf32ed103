"""Owns the colours of charts, in light and in dark; the page's own colours (`static/css/app.css`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Looks:
    """Colours as `#rrggbb`; `heat` goes from nothing to the most."""

    text: str
    line: str
    accent: str
    heat: tuple[str, ...]


LIGHT = Looks(
    "#1b2430", "#c9d0d9", "#1f5fbf", ("#eceff3", "#cfdcf0", "#a9c4ea", "#7ca7e0", "#4f87d2", "#1f5fbf", "#123f85")
)
DARK = Looks(
    "#e8ecf1", "#3d4855", "#8ab8ff", ("#262e38", "#2b3f5c", "#335483", "#3e6cab", "#5288cf", "#6ea2ec", "#b3d1ff")
)
