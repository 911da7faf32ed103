"""Owns the work on one message: its videos are analysed, their documents and results are kept, then it is settled.

In this order, so that nothing is lost whenever the process ends: the result file, the document, the message.
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from connectors.aws import job, messages, result_file
from connectors.aws.analysis import asked
from connectors.aws.detectors import Detector
from connectors.aws.failures import AnalysisFailed, failure_of
from connectors.aws.job import Failure, Fate, Place, State, Step, VideoId, Work
from connectors.aws.messages import MessageInvalid, Request
from connectors.aws.seams import (
    Analyses,
    AwsUnavailable,
    DocumentInvalid,
    Documents,
    Interrupted,
    Message,
    ObjectMissing,
    Objects,
    Queue,
)
from framewise.answers import Video

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with each video: the step's name, what is looked for, where results go, how often it is tried."""

    step: str
    detectors: Sequence[Detector]
    frame_ratio: float
    output_bucket: str
    tries: int = 3
    retry_seconds: int = 30


class Worker:
    """Works on messages; may be shared by threads."""

    def __init__(self, plan: Plan, documents: Documents, objects: Objects, analyses: Analyses) -> None:
        self._plan, self._documents, self._objects, self._analyses = plan, documents, objects, analyses
        self._asked = asked(plan.detectors, plan.frame_ratio)

    def work(self, request: Request | MessageInvalid) -> list[Failure]:
        """Do what a message asks for, and say what did not go well. Raises Interrupted."""
        if isinstance(request, MessageInvalid):
            return [self._refused(request)]
        if isinstance(request, messages.Stop):
            return []
        done = [self._try(work) for work in request if not self._is_result(work)]
        return [failure for failure in done if failure is not None]

    def settle(self, queue: Queue, message: Message, failures: Sequence[Failure]) -> None:
        """Have the message deleted, come back or set aside. Raises AwsUnavailable, after which it comes back."""
        tries = min(self._plan.tries, queue.most_receives or self._plan.tries)
        reason = "; ".join(failure.reason for failure in failures)
        fate = job.fate(failures, message.receives, tries)
        if fate is Fate.DELETE:
            queue.delete(message)
        elif fate is Fate.SET_ASIDE and queue.set_aside(message, reason):
            logger.error("message %s of %s is set aside: %s", message.message_id, queue.name, reason)
        else:
            back = job.pause(message.receives, self._plan.retry_seconds)
            logger.warning("message %s of %s comes back in %d s: %s", message.message_id, queue.name, back, reason)
            queue.extend(message, back)

    def _refused(self, error: MessageInvalid) -> Failure:
        return failure_of(error) if error.video_id is None else self._fail(error.video_id, error, job.refused)

    def _is_result(self, work: Work) -> bool:
        return job.is_result(work.place, self._plan.output_bucket, self._plan.step)

    def _try(self, work: Work) -> Failure | None:
        try:
            version = self._objects.version(work.place)
        except (ObjectMissing, AwsUnavailable) as e:
            return self._fail(work.video_id, e, job.refused)
        analysis = job.digest_of(work, version, self._asked)
        try:
            self._analyse(work, analysis)
        except Interrupted:
            raise
        except Exception as e:  # noqa: BLE001 - whatever happens to one video is its document's, not the door's end
            return self._fail(work.video_id, e, _ended(analysis))
        return None

    def _analyse(self, work: Work, analysis: str) -> None:
        step = self._documents.change(work.video_id, self._plan.step, lambda now: job.begun(now, analysis))
        if self._has_result(step, analysis):
            logger.info("VideoId %s had been analysed before", work.video_id)
            return
        submitted = self._analyses.submit(work.place, work.video_id, analysis)
        logger.info("VideoId %s is analysed as video %s", work.video_id, submitted.video_id)
        video = self._analyses.follow(submitted.video_id)
        if video.status != "completed":
            raise AnalysisFailed(video)
        place = job.result_place(self._plan.output_bucket, self._plan.step, work, analysis)
        self._keep(video, place)
        end = Step(State.DONE, place, analysis=analysis)
        self._documents.change(work.video_id, self._plan.step, lambda now: job.ended(now, end))
        logger.info("VideoId %s is done: s3://%s/%s", work.video_id, place.bucket, place.key)

    def _has_result(self, step: Step | None, analysis: str) -> bool:
        if step is None or step.result_file is None or not job.is_done(step, analysis):
            return False
        return self._objects.exists(step.result_file)

    def _keep(self, video: Video, place: Place) -> None:
        with tempfile.TemporaryFile() as file:
            result_file.write(file, video, self._analyses.rows(video), self._plan.detectors)
            file.seek(0)
            self._objects.put(place, file)

    def _fail(self, video_id: VideoId, error: Exception, change: Callable[[Step | None, str], Step | None]) -> Failure:
        """Have the document say why. Where it cannot, the work is not over."""
        failure = failure_of(error)
        try:
            self._documents.change(video_id, self._plan.step, lambda now: change(now, failure.reason))
        except AwsUnavailable as e:
            logger.warning("the document does not say that VideoId %s failed: %s", video_id, e)
            return replace(failure, final=False)
        except DocumentInvalid as e:
            logger.warning("the document cannot say that VideoId %s failed: %s", video_id, e)
        return failure


def _ended(analysis: str) -> Callable[[Step | None, str], Step | None]:
    return lambda now, reason: job.ended(now, Step(State.ERROR, error=reason, analysis=analysis))
