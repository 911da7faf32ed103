"""Owns questions to servers that may hang: each is asked in a thread of its own and waited for within a limit."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Question(Generic[T]):
    """A question whose answer is kept for `kept` seconds. Safe for threads; never asked twice at the same time."""

    def __init__(self, ask: Callable[[], T], kept: float) -> None:
        self._ask = ask
        self._kept = kept
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._good_until = 0.0

    def answer(self) -> Future[T]:
        """What was answered lately, or what will be: a server that hangs is waited for by one thread, however often."""
        with self._lock:
            stale = self._answer is None or (self._answer.done() and time.monotonic() >= self._good_until)
            if self._answer is None or stale:
                self._answer = Future()
                threading.Thread(target=self._run, args=(self._answer,), name="question", daemon=True).start()
            return self._answer

    def _run(self, answer: Future[T]) -> None:
        try:
            result = self._ask()
        except Exception as e:  # noqa: BLE001 - whoever waits for the answer gets it
            self._good_until = time.monotonic() + self._kept
            answer.set_exception(e)
        else:
            self._good_until = time.monotonic() + self._kept
            answer.set_result(result)


async def answers(questions: Mapping[str, Question[T]], seconds: float) -> dict[str, T | BaseException | None]:
    """What each said or raised; None for those that have not answered when the time is over. All are asked at once."""
    asked = {name: asyncio.wrap_future(question.answer()) for name, question in questions.items()}
    if asked:
        await asyncio.wait(asked.values(), timeout=seconds)
    return {name: (future.exception() or future.result()) if future.done() else None for name, future in asked.items()}
