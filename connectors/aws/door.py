"""Owns the door at work: threads that take messages from the queues in turn, until it shall stop or drain."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from connectors.aws.heartbeat import Heartbeat, Held
from connectors.aws.messages import MessageInvalid, Request, Stop, read
from connectors.aws.seams import AwsUnavailable, Interrupted, Message, Queue
from connectors.aws.worker import Worker
from pipeline.readiness import BEAT_SECONDS

LONGEST_PAUSE = 30.0

logger = logging.getLogger(__name__)


class Door:
    """Takes at most `at_work` messages at a time. `stop` hands back what is at work, and ends.

    The command to stop drains: what is at work is finished, nothing more is taken, and then the command is deleted.
    """

    def __init__(
        self,
        queues: Sequence[Queue],
        worker: Worker,
        heartbeat: Heartbeat,
        stop: threading.Event,
        at_work: int = 4,
        poll_seconds: int = 20,
    ) -> None:
        self._queues, self._worker, self._heartbeat, self._stop = queues, worker, heartbeat, stop
        self._poll = max(1, poll_seconds // len(queues))
        self._draining = threading.Event()
        self._command: Held | None = None
        self._lock = threading.Lock()
        self._busy = 0
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name=f"message-{number}", daemon=True)
            for number in range(at_work)
        ]

    def run(self, beat: Callable[[], None], end_seconds: float) -> None:
        """Work until it is drained or stopped; `beat` is called about once a second.

        What is at work then has `end_seconds` to be handed back. Polls that bring nothing are not waited for.
        """
        self._heartbeat.start()
        for thread in self._threads:
            thread.start()
        while any(thread.is_alive() for thread in self._threads) and not self._stop.wait(BEAT_SECONDS):
            beat()
        until = time.monotonic() + end_seconds
        while self._busy and time.monotonic() < until:
            time.sleep(0.05)
        self._end()

    @property
    def _ending(self) -> bool:
        return self._stop.is_set() or self._draining.is_set()

    def _serve(self, number: int) -> None:
        """Ask one queue after another, each thread another first; after one that does not answer there is a pause."""
        failed = 0
        while not self._ending:
            queue = self._queues[number % len(self._queues)]
            number += 1
            try:
                self._take(queue)
                failed = 0
            except AwsUnavailable as e:
                failed += 1
                logger.warning("%s; trying again", e)
            except Exception:
                failed += 1
                logger.exception("this should not happen; the message comes back by itself")
            if failed:
                self._stop.wait(min(LONGEST_PAUSE, 2.0 ** min(failed, 10)))

    def _take(self, queue: Queue) -> None:
        message = queue.receive(self._poll)
        if message is not None:
            with self._counting():
                self._took(queue, message)

    def _took(self, queue: Queue, message: Message) -> None:
        logger.info("message %s of %s, delivery %d", message.message_id, queue.name, message.receives)
        request = _understood(message)
        if self._ending or (isinstance(request, Stop) and not self._drain(queue, message)):
            queue.extend(message, 0)
        elif not isinstance(request, Stop):
            self._work(queue, message, request)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def _work(self, queue: Queue, message: Message, request: Request | MessageInvalid) -> None:
        try:
            with self._heartbeat.holding(queue, message):
                failures = self._worker.work(request)
        except Interrupted:
            logger.info("message %s of %s is handed back", message.message_id, queue.name)
            queue.extend(message, 0)
            return
        self._worker.settle(queue, message, failures)

    def _drain(self, queue: Queue, message: Message) -> bool:
        """Begin to drain; False when another thread has begun already, so that the command is for another process."""
        with self._lock:
            if self._draining.is_set():
                return False
            logger.info("told to stop: finishing what is at work")
            self._command = self._heartbeat.hold(queue, message)
            self._draining.set()
            return True

    def _end(self) -> None:
        if self._command is not None:
            self._heartbeat.let_go(self._command)
            if self._stop.is_set():
                self._command.queue.extend(self._command.message, 0)
            else:
                self._command.queue.delete(self._command.message)
        self._heartbeat.end()


def _understood(message: Message) -> Request | MessageInvalid:
    try:
        return read(message.body)
    except MessageInvalid as e:
        return e
