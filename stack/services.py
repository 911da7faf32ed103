"""Owns the list of services: what each one runs, what it waits for, and how it shows that it is ready."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from pipeline.contracts.errors import StackError
from pipeline.readiness import BEAT_SECONDS, beat_file
from stack import cassandra, kafka, mqtt, rtmp
from stack.settings import StackSettings


def _nothing(settings: StackSettings) -> None:
    """No preparation."""


def _there() -> str:
    """Every machine has what it needs."""
    return ""


def _always(settings: StackSettings, seconds: float) -> bool:
    """No question: it lives while its process does."""
    return True


@dataclass(frozen=True, slots=True)
class Service:
    """One child process.

    `ready` gets the settings and the process id; it is asked again and again, may raise, and must answer within a
    few seconds. Once it is ready, `alive` is asked now and then: it gets the settings and the seconds that it may take,
    may raise, and asks this service alone, so that no other's failure counts. `ports` and `jars` are names of settings
    and of jar sets. A service that runs `once` is ready when it has ended well. Limits are in seconds. `missing`
    says what a machine lacks for it, and how that is changed: the others run all the same. A service of `doors` runs
    where one of them is asked for. One that `ends` may be told to by others than us, and is not started again then.
    """

    name: str
    command: Callable[[StackSettings], list[str]]
    ready: Callable[[StackSettings, int], bool]
    alive: Callable[[StackSettings, float], bool] = _always
    prepare: Callable[[StackSettings], None] = _nothing
    variables: Callable[[StackSettings], dict[str, str]] = lambda settings: {}
    after: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    once: bool = False
    missing: Callable[[], str] = _there
    doors: tuple[str, ...] = ()
    ends: bool = False
    ready_limit: float = 60.0
    stop_limit: float = 20.0
    backoff_limit: float = 30.0


def _module(name: str) -> Callable[[StackSettings], list[str]]:
    return lambda settings: [sys.executable, "-m", name]


def ready_file_of(name: str) -> Callable[[StackSettings, int], bool]:
    """Ready when the process has written its id into `<data_dir>/run/<name>.ready`."""

    def ready(settings: StackSettings, pid: int) -> bool:
        file = settings.run_dir / f"{name}.ready"
        return file.is_file() and file.read_text().strip() == str(pid)

    return ready


def beating(name: str) -> Callable[[StackSettings, float], bool]:
    """Alive while its main loop touches its file."""

    def alive(settings: StackSettings, seconds: float) -> bool:
        # A clock that is set may make it negative.
        age = abs(time.time() - beat_file(settings.data_dir, name).stat().st_mtime)
        if age > 3 * BEAT_SECONDS:
            raise StackError(f"its last heartbeat was {age:.0f} s ago")
        return True

    return alive


def _api_ready(settings: StackSettings, pid: int) -> bool:
    """The service and its servers; ingest and the analysis are asked for themselves, and may take longer."""
    checks = httpx.get(f"{settings.api_url}/readyz", timeout=4.0, trust_env=False).json()["checks"]
    return all(check["ok"] for name, check in checks.items() if name not in ("ingest", "analysis"))


def _api_alive(settings: StackSettings, seconds: float) -> bool:
    return httpx.get(f"{settings.api_url}/healthz", timeout=seconds, trust_env=False).status_code == 200


def _door(
    name: str,
    module: str = "",
    after: tuple[str, ...] = (),
    variables: Callable[[StackSettings], dict[str, str]] = lambda settings: {},
    ends: bool = False,
) -> Service:
    """A way in beside the API, which it asks: so it begins when that answers."""
    return Service(
        name,
        _module(module or f"connectors.{name}.main"),
        ready_file_of(name),
        beating(name),
        variables=variables,
        after=("api", *after),
        doors=(name,),
        ends=ends,
    )


def _spark_variables(settings: StackSettings) -> dict[str, str]:
    from stack.jars import spark_jars

    return {"FRAMEWISE_SPARK_JARS": spark_jars(settings)}


SERVICES = (
    Service(
        "kafka",
        kafka.command,
        lambda settings, pid: kafka.ready(settings),
        kafka.ready,
        prepare=kafka.prepare,
        ports=("kafka_port", "kafka_controller_port"),
        jars=("kafka",),
    ),
    Service(
        "cassandra",
        cassandra.command,
        lambda settings, pid: cassandra.ready(settings),
        cassandra.ready,
        prepare=cassandra.prepare,
        variables=cassandra.variables,
        ports=("cassandra_port", "cassandra_storage_port"),
        jars=("cassandra",),
        ready_limit=120.0,
    ),
    Service(
        "schema",
        _module("stack.schema"),
        lambda settings, pid: False,
        after=("kafka", "cassandra"),
        once=True,
        ready_limit=180.0,
    ),
    Service(
        "analysis",
        _module("spark_jobs.analysis_job"),
        ready_file_of("analysis"),
        beating("analysis"),
        variables=_spark_variables,
        after=("schema",),
        ports=("spark_ui_port",),
        jars=("spark-kafka",),
        ready_limit=600.0,
        stop_limit=40.0,
    ),
    Service(
        "ingest",
        _module("ingest.main"),
        ready_file_of("ingest"),
        beating("ingest"),
        after=("schema",),
        ready_limit=120.0,
    ),
    Service(
        "api",
        _module("api.main"),
        _api_ready,
        _api_alive,
        after=("schema",),
        ports=("api_port",),
        ready_limit=120.0,
    ),
    Service(
        "rtmp",
        rtmp.command,
        lambda settings, pid: rtmp.ready(settings),
        rtmp.alive,
        prepare=rtmp.prepare,
        ports=("rtmp_port", "rtmp_control_port"),
        missing=rtmp.missing,
    ),
    Service(
        "mqtt",
        mqtt.command,
        lambda settings, pid: mqtt.ready(settings),
        mqtt.alive,
        prepare=mqtt.prepare,
        ports=("mqtt_port",),
        missing=mqtt.missing,
        doors=("edge", "mqtt"),
    ),
    _door("aws", ends=True),  # by the command `stop` of its queue
    _door("edge", "connectors.edge.processor.main", after=("mqtt",), variables=mqtt.variables),
    _door("camera"),
)

DOORS = tuple(sorted({door for service in SERVICES for door in service.doors}))
"""What `--with` takes."""


def chosen(settings: StackSettings, services: tuple[Service, ...] = SERVICES) -> tuple[Service, ...]:
    """The services that the settings name, by default all for which nothing is missing, and the doors asked for.

    Raises StackError for a name that is not there, and for a service that is named but lacks something.
    """
    _check_doors(settings, services)
    unknown = set(settings.services) - {service.name for service in services}
    if unknown:
        known = ", ".join(service.name for service in services)
        raise StackError(f"FRAMEWISE_SERVICES names {', '.join(sorted(unknown))}, but there are only {known}")
    asked = {door for service in services for door in service.doors} & set(settings.doors)
    if not settings.services:
        return tuple(s for s in services if (asked & set(s.doors) if s.doors else not s.missing()))
    for service in (wanted := [service for service in services if service.name in settings.services]):
        if reason := service.missing():
            raise StackError(f"FRAMEWISE_SERVICES names {service.name}, but {reason}")
    return tuple(wanted)


def _check_doors(settings: StackSettings, services: tuple[Service, ...]) -> None:
    known = sorted({door for service in services for door in service.doors})
    if unknown := set(settings.doors) - set(known):
        raise StackError(f"there is no door named {', '.join(sorted(unknown))}; --with takes {', '.join(known)}")
    for service in services:
        if set(service.doors) & set(settings.doors) and (reason := service.missing()):
            raise StackError(f"{service.name}, which --with asks for, does not run here: {reason}")
