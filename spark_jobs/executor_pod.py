"""Owns what an executor's container runs on Kubernetes: the JVM that Spark describes by variables.

The template of its pod names this as the command (docker/kubernetes/base/spark/executor.yaml): Spark's own images
bring a script for it, which pyspark's package does not.
"""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pyspark

BACKEND = "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"
OPTIONS = {
    "--driver-url": "SPARK_DRIVER_URL",
    "--executor-id": "SPARK_EXECUTOR_ID",
    "--cores": "SPARK_EXECUTOR_CORES",
    "--app-id": "SPARK_APPLICATION_ID",
    "--hostname": "SPARK_EXECUTOR_POD_IP",
    "--resourceProfileId": "SPARK_RESOURCE_PROFILE_ID",
    "--podName": "SPARK_EXECUTOR_POD_NAME",
}
MEMORY = "SPARK_EXECUTOR_MEMORY"
JVM_OPTION = re.compile(r"SPARK_JAVA_OPT_(\d+)")
"""Spark's options of the JVM, in their order."""


def command(environment: Mapping[str, str]) -> list[str]:
    """The JVM and its arguments. Raises ValueError with what is missing where Spark has not made this pod."""
    if missing := [name for name in (*OPTIONS.values(), MEMORY) if not environment.get(name)]:
        raise ValueError(f"Spark tells executors what to do by variables, but {', '.join(missing)} is not set")
    memory = environment[MEMORY]
    told = [word for option, name in OPTIONS.items() for word in (option, environment[name])]
    return [_java(environment), *_jvm_options(environment), f"-Xms{memory}", f"-Xmx{memory}", BACKEND, *told]


def classpath(environment: Mapping[str, str]) -> str:
    """Spark's jars, among which the image has Kafka's connector, and what Spark adds."""
    jars = Path(pyspark.__file__).with_name("jars") / "*"
    return os.pathsep.join(part for part in (str(jars), environment.get("SPARK_CLASSPATH", "")) if part)


def _java(environment: Mapping[str, str]) -> str:
    home = environment.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java") or "java"


def _jvm_options(environment: Mapping[str, str]) -> list[str]:
    found = {int(match[1]): value for name, value in environment.items() if (match := JVM_OPTION.fullmatch(name))}
    return [found[number] for number in sorted(found)]


def main() -> int:
    """Become the executor; returns 1 only where that cannot be. Spark's one word, `executor`, says nothing new."""
    try:
        words = command(os.environ)
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return os.execvpe(words[0], words, os.environ | {"CLASSPATH": classpath(os.environ)})


if __name__ == "__main__":
    sys.exit(main())
