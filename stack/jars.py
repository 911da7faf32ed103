"""Owns the servers' jars: resolved once by the Ivy in pyspark's jars folder, then cached."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

import pyspark

from pipeline.contracts.errors import StackError
from stack.preflight import find_java
from stack.settings import StackSettings

CONF = Path(__file__).parent / "conf"
RESOLVE_SECONDS = 1800
MARKER = "complete"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class JarSet:
    """What one server needs: `artifacts` are organisation, name and version; `excluded` organisations stay out.

    A set that is `alone` comes without what its artifacts depend on.
    """

    artifacts: tuple[tuple[str, str, str], ...]
    megabytes: int
    excluded: tuple[str, ...] = ()
    beside_pyspark: bool = False
    alone: bool = False

    @property
    def folder(self) -> str:
        """Its folder's name in the cache."""
        _, name, version = self.artifacts[0]
        return f"{name}-{version}"


JAR_SETS = {
    "kafka": JarSet(
        (
            ("org.apache.kafka", "kafka_2.13", "4.1.0"),
            # Kafka's jars come without a binding for SLF4J 1.
            ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3"),
        ),
        megabytes=43,
    ),
    # What they depend on is in the server's set; the rest is Kafka Connect, which none of the tools offered here needs.
    "kafka-tools": JarSet((("org.apache.kafka", "kafka-tools", "4.1.0"),), megabytes=1, alone=True),
    "cassandra": JarSet((("org.apache.cassandra", "cassandra-all", "5.0.5"),), megabytes=61),
    "spark-kafka": JarSet(
        (("org.apache.spark", "spark-sql-kafka-0-10_2.13", pyspark.__version__),),
        megabytes=7,
        excluded=("org.apache.hadoop", "org.scala-lang"),
        beside_pyspark=True,
    ),
}


def pyspark_jars() -> Path:
    """The folder of the jars that pyspark ships."""
    return Path(pyspark.__file__).parent / "jars"


def folder_of(settings: StackSettings, name: str) -> Path:
    """Where a set's jars are, or will be."""
    return settings.jars_dir / JAR_SETS[name].folder


def missing(settings: StackSettings, names: Iterable[str]) -> list[str]:
    """The sets that are not in the cache."""
    return [name for name in names if not (folder_of(settings, name) / MARKER).is_file()]


def spark_jars(settings: StackSettings) -> str:
    """The Kafka connector's jars, comma-separated, as `spark.jars` takes them."""
    return ",".join(str(jar) for jar in sorted(folder_of(settings, "spark-kafka").glob("*.jar")))


def ensure(settings: StackSettings, names: Iterable[str], progress: Progress = lambda jars, size: None) -> None:
    """Have the named sets in the cache, resolving those that are missing side by side.

    `progress` gets the number of jars and bytes that have come, about once a second. Raises StackError.
    """
    wanted = missing(settings, names)
    if not wanted:
        return
    java = find_java(settings.java)
    with ThreadPoolExecutor(len(wanted)) as pool:
        futures = [pool.submit(_resolve, settings, name, java) for name in wanted]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=1)
            progress(*_arrived(settings, wanted))
    for future in futures:
        future.result()


def _ivy_cache(settings: StackSettings, name: str) -> Path:
    return settings.data_dir / "cache" / "ivy" / name


def _arrived(settings: StackSettings, names: Iterable[str]) -> tuple[int, int]:
    jars = [jar for name in names for jar in _ivy_cache(settings, name).glob("*/*/*/*.jar")]
    return len(jars), sum(jar.stat().st_size for jar in jars if jar.exists())


def _resolve(settings: StackSettings, name: str, java: Path) -> None:
    """Bring one set into the cache; several stacks may share that, and one of them does it."""
    with _only_one(_ivy_cache(settings, name)):
        if missing(settings, [name]):
            _bring(settings, name, java)


@contextmanager
def _only_one(cache: Path) -> Iterator[None]:
    """Ivy's cache is for one at a time. Whoever holds it has a limit, and its lock goes with it."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring(settings: StackSettings, name: str, java: Path) -> None:
    target, work = folder_of(settings, name), folder_of(settings, name).with_suffix(f".part-{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        _run_ivy(settings, name, java, work)
        if JAR_SETS[name].beside_pyspark:
            for jar in work.glob("*.jar"):
                if (pyspark_jars() / jar.name).exists():
                    jar.unlink()
        (work / MARKER).write_text("\n".join(sorted(jar.name for jar in work.glob("*.jar"))))
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run_ivy(settings: StackSettings, name: str, java: Path, work: Path) -> None:
    cache = _ivy_cache(settings, name)
    root = f" root={quoteattr(settings.maven_url)}" if settings.maven_url else ""
    (cache / "settings.xml").write_text(Template((CONF / "ivysettings.xml").read_text()).substitute(root=root))
    (cache / "ivy.xml").write_text(_ivy_file(name))
    command = [str(java), "-Xmx256m", *_proxy(os.environ), f"-Divy.default.ivy.user.dir={cache}"]
    command += ["-cp", str(next(pyspark_jars().glob("ivy-*.jar"))), "org.apache.ivy.Main"]
    command += ["-settings", str(cache / "settings.xml"), "-cache", str(cache), "-ivy", str(cache / "ivy.xml")]
    command += ["-confs", "default", "-types", "jar", "bundle"]
    command += ["-retrieve", f"{work}/[artifact]-[revision](-[classifier]).[ext]"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RESOLVE_SECONDS, check=False)
    except subprocess.TimeoutExpired as e:
        raise StackError(f"the jars of {name} did not come within {RESOLVE_SECONDS // 60} minutes; try again") from e
    if done.returncode or not any(work.glob("*.jar")):
        raise StackError(f"the jars of {name} cannot be fetched; is the network there? {_reason(done.stdout)}")


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines()]
    telling = [line for line in lines if re.search(r"FAILED|UNRESOLVED|not found|exception|ERROR|timed out", line)]
    return "Ivy says: " + " / ".join((telling or lines)[-4:])


def _ivy_file(name: str) -> str:
    jar_set = JAR_SETS[name]
    excludes = "".join(f"<exclude org={quoteattr(org)}/>" for org in jar_set.excluded)
    transitive = "false" if jar_set.alone else "true"
    dependencies = "".join(
        f'<dependency org="{org}" name="{artifact}" rev="{version}" conf="default->default" '
        f'transitive="{transitive}">{excludes}</dependency>'
        for org, artifact, version in jar_set.artifacts
    )
    return (
        f'<ivy-module version="2.0"><info organisation="framewise" module="{name}"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>"
    )


def _proxy(environment: "os._Environ[str] | dict[str, str]") -> list[str]:
    """Java's options for the proxy that the shell names."""
    url = urlsplit(environment.get("https_proxy") or environment.get("HTTPS_PROXY") or "")
    return [f"-Dhttps.proxyHost={url.hostname}", f"-Dhttps.proxyPort={url.port or 80}"] if url.hostname else []
