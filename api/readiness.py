"""Owns whether the service can do its work: all checks at once, within a limit, none asked twice in a second."""

import time
from collections.abc import Mapping
from pathlib import Path

from api.questions import Question, answers
from api.services import Check
from pipeline.contracts.errors import FramewiseError, StoreUnavailable
from pipeline.readiness import beat_file

LIMIT_SECONDS = 2.5
KEPT_SECONDS = 1.0
SILENT_SECONDS = 15.0
"""Without a heartbeat for so long, a service does not work: it touches its file every second."""

Outcome = tuple[bool, str]
"""Whether a check passed, and what was said."""


class Readiness:
    """Asks the checks. Safe for any number of callers."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._questions = {name: Question(check, KEPT_SECONDS) for name, check in checks.items()}

    async def ask(self) -> dict[str, Outcome]:
        """What came of each check, within a few seconds."""
        said = await answers(self._questions, LIMIT_SECONDS)
        return {name: _outcome(answer) for name, answer in said.items()}


def _outcome(answer: str | BaseException | None) -> Outcome:
    if answer is None:
        return False, f"no answer within {LIMIT_SECONDS:g} s"
    if isinstance(answer, FramewiseError):
        return False, str(answer)
    if isinstance(answer, BaseException):
        return False, type(answer).__name__
    return True, answer


def heartbeat_check(data_dir: Path, service: str) -> Check:
    """Whether a service of this machine still goes round; one that has not been started here is none of ours."""

    def check() -> str:
        try:
            age = abs(time.time() - beat_file(data_dir, service).stat().st_mtime)
        except FileNotFoundError:
            return "not on this machine"
        if age > SILENT_SECONDS:
            raise StoreUnavailable(f"{service} gave no sign of life for {age:.0f} s; its log may say why")
        return f"a sign of life {age:.0f} s ago"

    return check
