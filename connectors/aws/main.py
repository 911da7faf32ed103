"""The door for AWS: reads settings, asks for queues, table and buckets, and works until it is told to stop."""

import logging
import sys

from pydantic import ValidationError

from connectors.aws.analysis import ServiceAnalyses
from connectors.aws.calls import client
from connectors.aws.door import Door
from connectors.aws.dynamodb import DynamoDocuments
from connectors.aws.heartbeat import Heartbeat
from connectors.aws.s3 import S3Objects
from connectors.aws.settings import AwsSettings
from connectors.aws.sqs import SqsQueue
from connectors.aws.worker import Plan, Worker
from framewise import Client, Retries
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import PathSettings, S3Settings, wrong_settings
from pipeline.ending import stop_on_signal
from pipeline.observing.logs import log_to_stdout
from pipeline.readiness import beat, mark_ready, unmark_ready

SERVICE = "aws"
STOP_SECONDS = 15.0

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until SIGTERM, SIGINT or the command to stop; 1 when settings are wrong or AWS does not answer."""
    log_to_stdout(SERVICE)
    try:
        _serve(PathSettings(), S3Settings(), AwsSettings())
    except ValidationError as e:
        logger.critical("%s", wrong_settings(e))
        return 1
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _serve(paths: PathSettings, s3: S3Settings, settings: AwsSettings) -> None:
    stop = stop_on_signal()
    queues, documents = _queues(settings), _documents(settings)
    objects = S3Objects(client("s3", s3.s3_region or settings.aws_region, s3.s3_endpoint, connections(settings)))
    key = settings.key.get_secret_value() if settings.key else None
    plan = Plan(
        settings.aws_step,
        settings.aws_detectors,
        settings.aws_frame_ratio,
        settings.aws_output_bucket,
        settings.aws_tries,
        settings.aws_retry_seconds,
    )
    with Client(settings.service_url, key, retries=Retries(tries=1)) as service:
        analyses = ServiceAnalyses(service, plan.detectors, plan.frame_ratio, stop, settings.aws_patience_seconds)
        worker = Worker(plan, documents, objects, analyses)
        heartbeat = Heartbeat(settings.aws_visibility_seconds)
        door = Door(queues, worker, heartbeat, stop, settings.aws_at_work, settings.aws_poll_seconds)
        mark_ready(paths.data_dir, SERVICE)
        names = ", ".join(queue.name for queue in queues)
        logger.info("ready, up to %d messages at the same time, from %s", settings.aws_at_work, names)
        try:
            door.run(lambda: beat(paths.data_dir, SERVICE), STOP_SECONDS)
        finally:
            unmark_ready(paths.data_dir, SERVICE)
            logger.info("stopped")


def connections(settings: AwsSettings) -> int:
    """How many calls are made of one service of AWS at the same time: one a message, and the heartbeat's."""
    return settings.aws_at_work + 2


def _queues(settings: AwsSettings) -> list[SqsQueue]:
    """The queues. Raises AwsUnavailable for one that is not there."""
    sqs = client("sqs", settings.aws_region, settings.sqs_endpoint, connections(settings))
    found = [
        SqsQueue(sqs, name, settings.aws_visibility_seconds, settings.aws_dead_letters) for name in settings.aws_queues
    ]
    for queue in found:
        if not queue.sets_aside:
            logger.warning("%s has no dead-letter queue: what cannot be done comes back until it expires", queue.name)
    return found


def _documents(settings: AwsSettings) -> DynamoDocuments:
    region = settings.aws_table_region or settings.aws_region
    found = DynamoDocuments(
        client("dynamodb", region, settings.dynamodb_endpoint, connections(settings)), settings.aws_table
    )
    found.check()
    return found


if __name__ == "__main__":
    sys.exit(main())
