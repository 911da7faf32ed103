"""What a cluster is told, what is refused before it is asked, and what its executors must have."""

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.contracts.errors import ClusterError, ModelUnavailable
from pipeline.contracts.settings import ROOT, AnalysisSettings, ClusterSettings, PathSettings
from spark_jobs import archive, cluster, executors, submit
from spark_jobs.executors import Look, problems_of
from spark_jobs.own_paths import on_this_host

SETTINGS = {
    "FRAMEWISE_SPARK_MASTER": "spark://192.0.2.1:7077",
    "FRAMEWISE_SPARK_DRIVER_HOST": "192.0.2.9",
    "FRAMEWISE_WORKERS": "4",
    "FRAMEWISE_FRAME_STORE": "s3://frames/here",
    "FRAMEWISE_KAFKA_BOOTSTRAP": "192.0.2.2:9092,192.0.2.3:9092",
    "FRAMEWISE_CASSANDRA_HOSTS": "192.0.2.4, 192.0.2.5",
}
WANTED = {"numpy": "2.4.0", "pyarrow": "26.0.0"}


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[None]:
    """A process of which the environment names a whole cluster; it is as before afterwards."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("FRAMEWISE_")]:
        del os.environ[name]
    os.environ.update(SETTINGS, FRAMEWISE_DATA_DIR=str(tmp_path))
    yield
    os.environ.clear()
    os.environ.update(before)


def test_the_archive_runs_without_the_tree(tmp_path: Path) -> None:
    """What an executor imports is in it, and it finds the model cards by itself."""
    with zipfile.ZipFile(archive.build(tmp_path, ROOT / "models")) as made:
        made.extractall(tmp_path / "code")
    question = "from inference.cards import read_cards; from pipeline.contracts.settings import PathSettings as P; "
    question += "import spark_jobs.process as p; print(p.__file__, *(c.name for c in read_cards(P().models_dir)))"
    done = subprocess.run(
        [sys.executable, "-c", question],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "code"), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.startswith(str(tmp_path / "code" / "spark_jobs")), done.stderr
    assert "yolox_nano" in done.stdout


def test_the_archive_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    (cards / "one").mkdir(parents=True)
    (cards / "one" / "model.toml").write_text("a")
    first = archive.build(tmp_path, cards)
    again = archive.build(tmp_path / "elsewhere", cards)
    assert (first.name, first.read_bytes()) == (again.name, again.read_bytes())
    (cards / "one" / "model.toml").write_text("b")
    assert archive.build(tmp_path, cards).name != first.name
    assert not [name for name in zipfile.ZipFile(first).namelist() if "__pycache__" in name]


def test_a_tree_without_cards_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"no folder .*nowhere"):
        archive.build(tmp_path, tmp_path / "nowhere")


def test_executors_are_asked_for_as_the_settings_say(tmp_path: Path) -> None:
    asked = ClusterSettings(spark_executor_cores=2, spark_worker_memory="1500m", spark_archives=("e.tar.gz#env",))
    chosen = cluster.options(asked, AnalysisSettings(live_workers=1), tmp_path / "a.zip")
    assert chosen["spark.archives"] == f"{tmp_path}/a.zip#{cluster.CODE},e.tar.gz#env"
    assert chosen["spark.executorEnv.PYTHONPATH"] == cluster.CODE
    assert (chosen["spark.executor.cores"], chosen["spark.executor.memoryOverhead"]) == ("2", "3000m")
    assert "spark.executor.instances" not in chosen, "Spark's own cluster gives what it has, later cores too"
    elsewhere = AnalysisSettings(spark_master="k8s://https://192.0.2.1:6443", workers=4, live_workers=1)
    assert cluster.options(asked, elsewhere, tmp_path / "a.zip")["spark.executor.instances"] == "3"


@pytest.mark.parametrize(
    ("each", "cores", "share", "executors"),
    [(1, 1, "1", "5"), (1, 2, "0.5", "4"), (2, 2, "1", "3"), (4, 5, "0.5", "1"), (2, 1, None, None)],
)
def test_gpus_are_those_of_every_executor(
    each: int, cores: int, share: str | None, executors: str | None, tmp_path: Path
) -> None:
    """Four GPUs in all, and a task for live frames that shares one; a GPU without a core is refused."""
    analysis = AnalysisSettings(
        spark_master="k8s://https://192.0.2.1:6443", gpu=True, gpus_per_executor=each, workers=4, live_workers=1
    )
    asked = ClusterSettings(spark_executor_cores=cores)
    if share is None:
        with pytest.raises(ModelUnavailable, match="2 GPUs and 1 cores"):
            cluster.options(asked, analysis, tmp_path / "a.zip")
        return
    chosen = cluster.options(asked, analysis, tmp_path / "a.zip")
    assert chosen["spark.executor.resource.gpu.amount"] == str(each)
    assert (chosen["spark.task.resource.gpu.amount"], chosen["spark.executor.resource.gpu.vendor"]) == (
        share,
        "nvidia.com",
    )
    assert chosen["spark.executor.instances"] == executors


def test_a_submission_has_what_the_command_line_says() -> None:
    found = submit.submit("spark://192.0.2.7:7077", "6", ["spark.executor.cores=3", "spark.x=a=b"])
    assert AnalysisSettings().spark_master == "spark://192.0.2.7:7077"
    assert found.cores == 7
    assert (found.options["spark.executor.cores"], found.options["spark.x"]) == ("3", "a=b")
    assert found.reach == ["192.0.2.2:9092", "192.0.2.3:9092", "192.0.2.4:9042", "192.0.2.5:9042"]


def test_keys_travel_beside_the_configuration() -> None:
    os.environ |= {"FRAMEWISE_SPARK_FORWARD": "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY": "s3cr3t"}
    found = submit.submit()
    assert found.variables == {"AWS_SECRET_ACCESS_KEY": "s3cr3t"}
    assert "s3cr3t" not in str(found.options)
    del os.environ["AWS_SECRET_ACCESS_KEY"]
    with pytest.raises(ClusterError, match="AWS_SECRET_ACCESS_KEY, which this process does not have"):
        submit.submit()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"FRAMEWISE_SPARK_MASTER": ""}, "no cluster is named"),
        ({"FRAMEWISE_SPARK_MASTER": "local[2]"}, "no cluster is named"),
        ({"FRAMEWISE_WORKERS": ""}, "how many workers"),
        ({"FRAMEWISE_FRAME_STORE": ""}, "FRAMEWISE_FRAME_STORE"),
        ({"FRAMEWISE_KAFKA_BOOTSTRAP": "127.0.0.1:9092"}, "cannot reach 127.0.0.1"),
        ({"FRAMEWISE_CASSANDRA_HOSTS": "localhost"}, "cannot reach localhost"),
        ({"FRAMEWISE_S3_ENDPOINT": "http://127.0.0.1:9000"}, "FRAMEWISE_S3_ENDPOINT"),
        ({"FRAMEWISE_SPARK_DRIVER_HOST": "127.0.0.1"}, "FRAMEWISE_SPARK_DRIVER_HOST"),
    ],
)
def test_what_executors_elsewhere_cannot_have_is_refused(
    changed: dict[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    os.environ |= changed
    assert submit.main([]) == 1
    assert said in caplog.text


def test_a_cluster_of_this_machine_alone_may_use_loopback() -> None:
    os.environ |= {"FRAMEWISE_SPARK_MASTER": "spark://127.0.0.1:7077", "FRAMEWISE_KAFKA_BOOTSTRAP": "127.0.0.1:9092"}
    del os.environ["FRAMEWISE_SPARK_DRIVER_HOST"]
    assert submit.submit().options["spark.driver.bindAddress"] == "127.0.0.1"


def test_a_wrong_option_or_setting_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert submit.main(["--conf", "executor.cores=2"]) == 1
    os.environ["FRAMEWISE_SPARK_EXECUTOR_MEMORY"] = "much"
    assert submit.main([]) == 1
    assert "not 'executor.cores=2'" in caplog.text
    assert "FRAMEWISE_SPARK_EXECUTOR_MEMORY" in caplog.text


def test_the_options_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert submit.main(["--show"]) == 0
    assert "spark.locality.wait 0s\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("master", "place"),
    [
        ("spark://a:7077,b:7077", ("a", 7077)),
        ("k8s://https://192.0.2.1:6443", ("192.0.2.1", 6443)),
        ("k8s://api.example", ("api.example", 443)),
        ("spark://[::1]:7077", ("::1", 7077)),
        ("yarn", None),
    ],
)
def test_where_the_master_is(master: str, place: tuple[str, int] | None) -> None:
    assert cluster.host_of(master) == place


def test_what_executors_lack_is_named() -> None:
    same = Look("w1", platform.python_version(), dict(WANTED))
    assert list(problems_of(same, WANTED)) == []
    (missing,) = problems_of(Look("w2", platform.python_version(), {"numpy": None, "pyarrow": "26.0.0"}), WANTED)
    assert missing.startswith("w2: not installed: numpy==2.4.0")
    (other,) = problems_of(Look("w2", platform.python_version(), {"numpy": "1.26.0", "pyarrow": "26.0.0"}), WANTED)
    assert "numpy 1.26.0, not 2.4.0" in other
    old, away = problems_of(Look("w3", "3.9.1", {}, ("192.0.2.2:9092 is not reached: no",)), WANTED)
    assert "Python 3.9.1" in old
    assert away == "w3: 192.0.2.2:9092 is not reached: no"


def test_every_package_that_is_asked_for_is_installed_here_or_a_build_for_other_machines() -> None:
    assert {"onnxruntime-gpu", "tensorflow"} >= set(executors.NEEDED) - set(executors.own_versions())


def test_each_host_has_folders_of_its_own(tmp_path: Path) -> None:
    application = PathSettings(data_dir=Path("/elsewhere"), frame_store="s3://frames/here")
    own = on_this_host(application)
    assert (own.data_dir, own.frame_store) == (tmp_path, "s3://frames/here")


def test_the_checkpoint_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    assert PathSettings(data_dir=tmp_path).checkpoint_url == f"file://{tmp_path}/checkpoints/analysis"
    assert PathSettings(checkpoint="/shared/here").checkpoint_url == "file:///shared/here"
    assert PathSettings(checkpoint="s3a://bucket/here").checkpoint_url == "s3a://bucket/here"
