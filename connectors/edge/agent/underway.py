"""Owns which crops are under way to the far end, and when each is sent again."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WINDOW = 200
"""Crops at most that are sent and not confirmed: a broker whose far end is away is not filled with repeats."""
UNANSWERED = 16
"""Crops at most that the broker has not taken yet: they are in memory."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 600.0
"""Seconds after which a crop is sent again; each time twice as long."""
PROBE_PAUSE = 5.0
"""While nobody listens one crop is tried so often."""
OVERTAKEN = 10.0
"""A crop is lost when one that was sent so many seconds later is confirmed: brokers keep the order."""


@dataclass(slots=True)
class _Sent:
    """A crop that was sent `times` times, last `at`; it is sent again when `due`, never before the broker answers."""

    at: float
    times: int = 0
    due: float = math.inf


@dataclass
class UnderWay:
    """By a clock that the caller brings; not safe for several threads."""

    _sent: dict[str, _Sent] = field(default_factory=dict)
    _unanswered: set[str] = field(default_factory=set)
    _probe_at: float = -math.inf
    _heard: bool = True

    def next(self, ids: Sequence[str], now: float) -> list[str]:
        """Which of the crops that there are (`ids`, the oldest first) are to be sent now; they are under way then."""
        for gone in self._sent.keys() - set(ids):
            self._forget(gone)
        if not self._heard and now < self._probe_at:
            return []
        room = (UNANSWERED if self._heard else 1) - len(self._unanswered)
        chosen = [i for i, sent in self._sent.items() if sent.due <= now][: max(0, room)]
        room = min(room - len(chosen), WINDOW - len(self._sent))
        fresh = (i for i in ids if i not in self._sent)
        chosen += [i for i, _ in zip(fresh, range(max(0, room)), strict=False)]
        for crop_id in chosen:
            sent = self._sent.setdefault(crop_id, _Sent(now))
            sent.at, sent.times, sent.due = now, sent.times + 1, math.inf
            self._unanswered.add(crop_id)
        return chosen

    def answered(self, crop_id: str, now: float, *, heard: bool) -> None:
        """The broker has taken it, or (not `heard`) thrown it away."""
        self._unanswered.discard(crop_id)
        self._heard = heard
        if (sent := self._sent.get(crop_id)) is None:
            return
        if heard:
            sent.due = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (sent.times - 1))
        else:
            sent.times, sent.due, self._probe_at = sent.times - 1, now, now + PROBE_PAUSE

    def confirmed(self, crop_ids: Iterable[str], now: float) -> None:
        """They are safe; what was sent well before them is due at once."""
        latest = -math.inf
        for crop_id in crop_ids:
            if crop_id in self._sent:
                latest = max(latest, self._sent[crop_id].at)
                self._forget(crop_id)
        for sent in self._sent.values():
            if sent.at < latest - OVERTAKEN and sent.due < math.inf:
                sent.due = now

    def _forget(self, crop_id: str) -> None:
        del self._sent[crop_id]
        self._unanswered.discard(crop_id)
