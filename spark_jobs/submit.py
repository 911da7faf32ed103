"""Owns submitting the analysis to a cluster: `python -m spark_jobs.submit --master spark://HOST:7077 --workers N`."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from pipeline.contracts.errors import ClusterError, FramewiseError
from pipeline.contracts.settings import (
    AnalysisSettings,
    CassandraSettings,
    ClusterSettings,
    KafkaSettings,
    PathSettings,
    S3Settings,
    wrong_settings,
)
from spark_jobs import analysis_job, archive, cluster
from spark_jobs.cluster import Submission

log = logging.getLogger("spark_jobs.submit")


def main(words: Sequence[str] | None = None) -> int:
    """Ship our code, then run the analysis with executors of the cluster until SIGTERM; 1 when something is missing."""
    asked = _parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        submission = submit(asked.master, asked.workers, asked.conf)
    except ValidationError as e:
        return _refused(wrong_settings(e))
    except FramewiseError as e:
        return _refused(str(e))
    if asked.show:
        sys.stdout.writelines(f"{name} {value}\n" for name, value in sorted(submission.options.items()))
        return 0
    return analysis_job.main(submission)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m spark_jobs.submit",
        description="Run the analysis on a Spark cluster, this process being its application; see docs/cluster.md.",
    )
    parser.add_argument("--master", metavar="URL", help="spark://…, k8s://… or yarn; else FRAMEWISE_SPARK_MASTER")
    parser.add_argument(
        "--workers", metavar="N", help="for files, beside those for live frames; else FRAMEWISE_WORKERS"
    )
    parser.add_argument(
        "--conf", metavar="NAME=VALUE", action="append", default=[], help="an option of Spark; it wins over all others"
    )
    parser.add_argument("--show", action="store_true", help="print the options that Spark would get, and end")
    return parser


def submit(master: str | None = None, workers: str | None = None, conf: Sequence[str] = ()) -> Submission:
    """The application by settings, and what was given instead; the settings are set for this process.

    Raises ClusterError when it could not run.
    """
    for name, value in (("FRAMEWISE_SPARK_MASTER", master), ("FRAMEWISE_WORKERS", workers)):
        os.environ |= {name: value} if value else {}
    if not os.environ.get("FRAMEWISE_WORKERS"):
        raise ClusterError("say how many workers there are to be for files: --workers N, or FRAMEWISE_WORKERS")
    analysis = AnalysisSettings()
    if not analysis.spark_master or analysis.spark_master.startswith("local"):
        raise ClusterError("no cluster is named: --master spark://HOST:7077, or FRAMEWISE_SPARK_MASTER")
    if "FRAMEWISE_SPARK_DRIVER_HOST" not in os.environ:
        os.environ["FRAMEWISE_SPARK_DRIVER_HOST"] = cluster.own_address(analysis.spark_master)
    return _submission(AnalysisSettings(), ClusterSettings(), PathSettings(), conf)


def _submission(
    analysis: AnalysisSettings, settings: ClusterSettings, paths: PathSettings, conf: Sequence[str]
) -> Submission:
    reach = list(_servers(KafkaSettings(), CassandraSettings()))
    _refuse_what_is_here_only(analysis, paths, [*reach, *_object_store(paths, S3Settings())])
    # Both are read by pyspark when the application starts.
    os.environ["SPARK_LOCAL_IP"] = settings.spark_driver_bind or analysis.spark_driver_host
    os.environ["PYSPARK_PYTHON"] = settings.spark_python or sys.executable
    code = archive.build(paths.data_dir / "spark" / "archives", paths.models_dir)
    return Submission(
        options=cluster.options(settings, analysis, code) | dict(_pair(text) for text in conf),
        variables=_forwarded(settings.spark_forward),
        cores=analysis.workers + analysis.live_workers,
        cores_each=settings.spark_executor_cores,
        wait_seconds=settings.spark_wait_seconds,
        reach=reach,
    )


def _servers(kafka: KafkaSettings, cassandra: CassandraSettings) -> Iterator[str]:
    yield from (address.strip() for address in kafka.kafka_bootstrap.split(","))
    yield from (f"{host.strip()}:{cassandra.cassandra_port}" for host in cassandra.cassandra_hosts.split(","))


def _object_store(paths: PathSettings, s3: S3Settings) -> list[str]:
    """The server of the bucket, where it is another than that of AWS."""
    return [s3.s3_endpoint.partition("://")[2].strip("/")] if paths.frames_in_objects and s3.s3_endpoint else []


def _refuse_what_is_here_only(analysis: AnalysisSettings, paths: PathSettings, servers: Sequence[str]) -> None:
    """What executors on other hosts cannot have. A cluster on loopback is on this host."""
    if not paths.frame_store:
        raise ClusterError(
            "frames would be left on the executors' own disks: set FRAMEWISE_FRAME_STORE to a bucket, "
            "s3://BUCKET/PREFIX, or to a folder that every host and the API share"
        )
    place = cluster.host_of(analysis.spark_master)
    if place and cluster.is_loopback(place[0]):
        return
    for host in (analysis.spark_driver_host, *(server.rpartition(":")[0] or server for server in servers)):
        if cluster.is_loopback(host):
            raise ClusterError(
                f"executors on other hosts cannot reach {host}: name Kafka (FRAMEWISE_KAFKA_BOOTSTRAP), Cassandra "
                "(FRAMEWISE_CASSANDRA_HOSTS), the bucket (FRAMEWISE_S3_ENDPOINT) and this host "
                "(FRAMEWISE_SPARK_DRIVER_HOST) as they are reached from everywhere"
            )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith("spark."):
        raise ClusterError(f"--conf takes NAME=VALUE with a name that begins with spark., not {text!r}")
    return name, value


def _forwarded(names: Sequence[str]) -> dict[str, str]:
    if missing := [name for name in names if name not in os.environ]:
        raise ClusterError(f"FRAMEWISE_SPARK_FORWARD names {', '.join(missing)}, which this process does not have")
    return {name: os.environ[name] for name in names}


def _refused(why: str) -> int:
    log.error("error: %s", why)
    return 1


if __name__ == "__main__":
    sys.exit(main())
