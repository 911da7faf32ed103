import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stack.jars import JAR_SETS, MARKER, _ivy_file, ensure, folder_of, missing, spark_jars
from stack.settings import StackSettings


def test_a_set_counts_only_when_its_marker_is_there(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path)
    folder_of(settings, "kafka").mkdir(parents=True)
    assert missing(settings, ["kafka"]) == ["kafka"]
    (folder_of(settings, "kafka") / MARKER).touch()
    assert missing(settings, ["kafka", "cassandra"]) == ["cassandra"]


@pytest.mark.parametrize("name", JAR_SETS)
def test_the_order_for_ivy_names_every_artifact(name: str) -> None:
    asked = ElementTree.fromstring(_ivy_file(name)).iter("dependency")
    assert tuple((d.get("org"), d.get("name"), d.get("rev")) for d in asked) == JAR_SETS[name].artifacts


def test_spark_gets_absolute_paths(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path)
    folder = folder_of(settings, "spark-kafka")
    folder.mkdir(parents=True)
    for name in ("b.jar", "a.jar", MARKER):
        (folder / name).touch()
    assert spark_jars(settings) == f"{folder}/a.jar,{folder}/b.jar"


def test_stacks_that_share_a_cache_fetch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StackSettings(data_dir=tmp_path)
    asked = []

    def fetch(settings: StackSettings, name: str, java: Path, work: Path) -> None:
        asked.append(name)
        time.sleep(0.2)
        (work / "a.jar").touch()

    monkeypatch.setattr("stack.jars._run_ivy", fetch)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ensure(settings, ["kafka"]), range(4)))
    assert asked == ["kafka"]
    assert missing(settings, ["kafka"]) == []
