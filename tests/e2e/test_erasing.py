"""Forgetting somebody while a stream of them runs: afterwards nothing of them is found anywhere."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inference.portraits.reader import PortraitReader
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.settings import PathSettings
from pipeline.portraits.faces import EmbeddingModel, Portrait, PortraitFace
from stack import rtmp
from stack.trial import Trial
from tests.e2e.service import Service
from tests.e2e.streams import Stream

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(rtmp.missing()), reason=rtmp.missing())]

HER, OTHER = "Zyxwena Quillfeather", "Bartholomew Umbra"
ASKED = {"purpose": "a test of forgetting", "collections": ["default"], "search": True}
TASKS = [{"name": "faces_identification"}]
ERASED_SECONDS = 90.0
KNOWN_FRAMES = 5


@pytest.fixture(scope="module")
def ident(media: Path) -> Path:
    return media / "ident"


@pytest.fixture(scope="module")
def reader(models: dict[str, Any]) -> PortraitReader:
    """Sees and knows faces as the service does."""
    paths = PathSettings()
    return PortraitReader(paths.models_dir, paths.weights_dir, paths.mirror)


@pytest.fixture(scope="module")
def store(stack: Trial) -> Iterator[CassandraClient]:
    client = CassandraClient(stack.cassandra())
    yield client
    client.close()


def still(clip: Path) -> bytes:
    """A picture from the first third of a clip."""
    video = cv2.VideoCapture(str(clip))
    video.set(cv2.CAP_PROP_POS_FRAMES, 5)
    read, image = video.read()
    assert read
    return cv2.imencode(".png", image)[1].tobytes()


def enrol(service: Service, name: str, photo: bytes) -> str:
    """The id of a person who is known from now on."""
    answer = service.http.post("/people", data={"name": name}, files={"photos": ("a.png", photo)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


def labels(service: Service, path: str) -> list[str]:
    """Whom the rows name."""
    return [d["label"] for row in service.rows(path) for d in row["detections"]]


def until(wanted: Any, what: str, seconds: float = 60.0) -> Any:
    limit = time.monotonic() + seconds
    while not (found := wanted()):
        assert time.monotonic() < limit, f"not reached in {seconds:g} s: {what}"
        time.sleep(0.3)
    return found


def answers(service: Service, paths: list[str]) -> Iterator[tuple[str, str]]:
    """All that the service says of anything: addresses, and what they answer."""
    asked = ["/people", "/people/collections", "/people/collections/default", "/analysis/live", "/analysis/videos"]
    asked += ["/search", f"/search?label={HER}", "/analysis/insights", "/status", "/metrics", "/models"]
    for path in paths:
        asked += [path, *(f"{path}/{more}" for more in ("results?limit=1000", "summary", "tracks", "counts"))]
        asked += [f"{path}/results?format={kind}" for kind in ("json", "csv", "coco")]
        asked += [f"{path}/{more}" for more in ("failures", "deliveries", "regions", "events")]
        tracks = service.http.get(f"{path}/tracks").json().get("items", [])
        asked += [f"{path}/tracks/{track['track_id']}" for track in tracks]
    for address in asked:
        answer = service.http.get(address)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        yield address, answer.text


def rows_of(store: CassandraClient) -> Iterator[tuple[str, str]]:
    """Every row of every table as text."""
    keyspace = store.settings.keyspace
    tables = store.session.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (keyspace,))
    for table in tables:
        for row in store.session.execute(f"SELECT JSON * FROM {table.table_name}"):
            yield table.table_name, row.json


def similar_vectors(store: CassandraClient, face: PortraitFace, models: Sequence[EmbeddingModel]) -> list[str]:
    """The tables that have a vector of the same face by any model, in whatever form."""
    found = []
    for model in models:
        known = np.frombuffer(face.vectors[model.digest], "<f4")
        kept = [(f"track_vectors_{len(known)}", "model", "<f4"), ("face_vectors", "model", "<f2")]
        for table, column, kind in [*kept, ("person_vectors", "model_digest", "<f4")]:
            for row in store.session.execute(f"SELECT {column} AS model, vector FROM {table}"):
                raw = isinstance(row.vector, bytes)
                vector = np.frombuffer(row.vector, kind) if raw else np.array(list(row.vector), kind)
                if row.model == model.digest and float(vector.astype(np.float32) @ known) >= model.threshold:
                    found.append(table)
    return found


def test_nothing_is_left_of_somebody_who_was_forgotten_while_her_stream_ran(
    service: Service, stack: Trial, store: CassandraClient, ident: Path, reader: PortraitReader, tmp_path: Path
) -> None:
    made = service.http.put("/people/collections/default", json={"purpose": "a test of forgetting"})
    assert made.status_code in (200, 201), made.text
    photo = still(ident / "signerA_no.mkv")
    her, other = enrol(service, HER, photo), enrol(service, OTHER, still(ident / "signerC_book.mkv"))
    asked = {"modelsToRun": json.dumps(TASKS), "identification": json.dumps(ASKED)}
    film = service.upload(ident / "signerA_again.mkv", **asked)
    others = service.upload(ident / "signerC_learn.mkv", **asked)
    service.completed(film)
    service.completed(others)
    assert HER in labels(service, film)
    assert OTHER in labels(service, others)
    copy = service.http.post(f"{film}/rerun", json={"modelsToRun": ["color_detection"]}).json()["status_url"]
    service.completed(copy)
    until(lambda: [i for i in search(service, photo) if i["video_id"] in film], "a vector of her track", 90)

    stream = Stream.ask(
        service, ident / "signerA_again.mkv", tmp_path, modelsToRun=TASKS, identification=ASKED, sampleSeconds=0.2
    )
    with stream.publisher(height=480):
        until(lambda: labels(service, stream.path).count(HER) >= KNOWN_FRAMES, "her name in rows", 120)
        receipt = service.http.delete(f"/people/{her}")
        assert receipt.status_code == 202, receipt.text
        path = receipt.headers["Location"]
        until(lambda: service.http.get(path).json()["state"] == "erased", "the erasure", ERASED_SECONDS)
        stream.until_more(15)
    stream.completed()
    removed = service.http.get(path).json()["removed"]
    assert removed["rows"] >= KNOWN_FRAMES
    assert removed["frames_blurred"] >= KNOWN_FRAMES
    assert removed["track_vectors"] >= 1

    paths = [film, others, copy, stream.path]
    until(lambda: all("items" in service.http.get(f"{p}/tracks").json() for p in paths), "tracks")
    secrets = (HER, her)
    said = list(answers(service, paths))
    assert [address for address, text in said if any(s in text for s in secrets)] == []
    assert any(OTHER in text for _, text in said), "nobody else is forgotten"
    kept = list(rows_of(store))
    assert {table for table, text in kept if any(s in text for s in secrets)} == set()
    assert any(OTHER in text for _, text in kept)

    portrait = reader.read(photo)
    assert {"track_vectors_256", "track_vectors_1024"} & {table for table, _ in kept}, "vectors of others stay"
    assert similar_vectors(store, portrait.faces[0], portrait.models) == []
    assert search(service, photo) == []

    for one in (film, copy, stream.path):
        pictures = sorted((stack.settings.data_dir / "frames" / one.rsplit("/", 1)[1]).rglob("*.jpg"))
        assert len(pictures) >= KNOWN_FRAMES
        for picture in pictures:
            assert not shows(reader.read(picture.read_bytes()), portrait), f"{picture}: she is seen"
    assert [f.name for f in logs(stack) if any(s.encode() in f.read_bytes() for s in secrets)] == []
    assert service.http.get(f"/people/{other}").json()["name"] == OTHER


def shows(picture: Portrait, known: Portrait) -> bool:
    """Whether somebody is to be seen in a picture, by any model."""
    return any(
        float(np.frombuffer(face.vectors[m.digest], "<f4") @ np.frombuffer(known.faces[0].vectors[m.digest], "<f4"))
        >= m.threshold
        for m in known.models
        for face in picture.faces
        if m.digest in face.vectors
    )


def search(service: Service, photo: bytes) -> list[dict[str, Any]]:
    """Where somebody was seen."""
    answer = service.http.post("/people/search", files={"photos": ("a.png", photo)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def logs(stack: Trial) -> list[Path]:
    """What services have written of themselves."""
    found = [path for path in (stack.settings.data_dir / "log").rglob("*") if path.is_file()]
    assert {"api.log", "ingest.log", "analysis.log"} <= {path.name for path in found}
    return found
