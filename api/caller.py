"""Owns who asks: what a request may see and do."""

from dataclasses import dataclass

from starlette.requests import Request

from pipeline.contracts.videos import Video
from pipeline.stores.keys import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id of the API key (None where none is needed), its scopes, and its limits (0: none)."""

    key_id: str | None
    scopes: frozenset[Scope]
    requests_per_minute: int = 0
    open_videos: int = 0

    @property
    def sees_only(self) -> str | None:
        """The only key whose videos are shown; None is everybody's."""
        return None if Scope.ADMIN in self.scopes else self.key_id or ""

    def may_see(self, video: Video) -> bool:
        """Whether the video is one's own; to an admin every video is."""
        return self.owns(video.key_id)

    def owns(self, key_id: str | None) -> bool:
        """Whether what a key (None: no key) has submitted is one's own."""
        return self.sees_only is None or (self.key_id is not None and key_id == self.key_id)

    def may(self, scope: Scope) -> bool:
        """Whether a scope was given; an admin has each."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY = Caller(None, frozenset(Scope))
"""Who asks where no keys are needed: sees and does everything."""
STRANGER = Caller(None, frozenset())
"""Who asks without a key what is told without one."""


def caller_of(request: Request) -> Caller:
    """Who asks; the gate has said so before any route."""
    caller: Caller = request.state.caller
    return caller
