"""Who it is, on real people: enrolled by one picture, known again in another clip, and nobody else is named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

import numpy as np
import pytest

from benchmarks.identification.people import KNOWN, STRANGERS, pictures
from benchmarks.identification.promise import FRONTAL
from inference.analyzer import Analyzer
from inference.arrays import Image
from inference.gallery import KnownFaces
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import UNKNOWN, Detection, Identification, ResultStatus, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings
from pipeline.portraits.child import ChildPortraits
from pipeline.portraits.faces import PictureUnreadable, Portrait
from tests.integration.samples import media, model
from tests.unit.inference.factories import frame, jpeg

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")

FIRST = "faceres"
ASKED = TaskRequest(TaskName.IDENTITIES, identification=Identification("tests", search=True))


@dataclass
class _Gallery:
    """Knows whom a test enrols."""

    people: KnownFaces = field(default_factory=KnownFaces)

    def known(self, collections: Sequence[str], model_digest: str) -> KnownFaces:
        return self.people


GALLERY = _Gallery()


@cache
def _analyzer() -> Analyzer:
    built = Analyzer.from_settings(PathSettings(), gallery=GALLERY)
    if [info.model for info in built.warm([TaskName.IDENTITIES])] != [FIRST]:
        pytest.skip(f"the weights of {FIRST} cannot be had")
    return built


@pytest.fixture(scope="module")
def portraits() -> Iterator[ChildPortraits]:
    """The process that looks at pictures, with the real models."""
    model(FIRST)
    child = ChildPortraits()
    yield child
    child.close()
    GALLERY.people = KnownFaces()


def _clip(file: str, step: int = 1) -> list[Image]:
    return list(pictures(media(*file.split("/")), step))


def _found(images: Sequence[Image]) -> list[tuple[Detection, ...]]:
    """The faces of each picture."""
    results = [result for (result,) in _analyzer().analyze([frame(jpeg(image), ASKED) for image in images])]
    assert {result.status for result in results} <= {ResultStatus.OK}
    assert {result.model for result in results} <= {FIRST}
    return [result.detections for result in results]


def _best(file: str) -> Image:
    """The clip's frame whose face is surest and looks straight at the camera."""
    images = _clip(file)
    faces = [model("yunet_n").predict([image])[0][0].confidence for image in images]
    found = [a[0].attributes["frontality"] * c if a else 0.0 for a, c in zip(_found(images), faces, strict=True)]
    return images[found.index(max(found))]


def _enrol(portraits: ChildPortraits, number: int) -> None:
    """Everybody by the best frame of one clip, or by one photo."""
    rows = []
    for index, (name, files) in enumerate(KNOWN.items()):
        portrait = portraits.read(jpeg(_best(files[number])))
        [digest] = [known.digest for known in portrait.models if known.name == FIRST]
        rows.append((_id(index), name, portrait.faces[0].vectors[digest]))
    GALLERY.people = KnownFaces.of(rows)


def _id(index: int) -> UUID:
    return UUID(int=index + 1)


def _frontal(faces: Sequence[tuple[Detection, ...]]) -> list[Detection]:
    return [face for some in faces for face in some if face.attributes["frontality"] >= FRONTAL]


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1], ids=["by the first", "by the second"])
def test_people_are_known_again_and_others_are_not(portraits: ChildPortraits, number: int) -> None:
    _enrol(portraits, number)
    for index, (name, files) in enumerate(KNOWN.items()):
        faces = _frontal(_found(_clip(files[1 - number])))
        right = [face for face in faces if (face.label, face.person_id) == (name, _id(index))]
        others = [face for face in faces if face.label not in (name, UNKNOWN)]
        assert len(right) >= 0.9 * len(faces) > 0, (name, len(right), len(faces))
        assert len(others) <= 0.01 * len(faces), (name, others)
    for stranger in STRANGERS:
        faces = [face for some in _found(_clip(stranger.file, stranger.step)) for face in some]
        named = [face for face in faces if face.label != UNKNOWN or face.person_id is not None]
        assert len(named) <= 0.01 * len(faces), (stranger.file, named)


def test_two_people_of_one_picture_get_their_names(portraits: ChildPortraits) -> None:
    """Side by side on one picture; the same person twice is named once, where the face is likest."""
    obama, biden = _clip(KNOWN["obama"][0])[0], _clip(KNOWN["biden"][1])[0]
    rows = []
    for index, (name, image) in enumerate((("Barack", obama), ("Joe", biden))):
        portrait = portraits.read(jpeg(image))
        [digest] = [known.digest for known in portrait.models if known.name == FIRST]
        rows.append((_id(index), name, portrait.faces[0].vectors[digest]))
    GALLERY.people = KnownFaces.of(rows)
    height = min(obama.shape[0], biden.shape[0])
    both = np.concatenate([obama[:height], biden[:height], obama[:height]], axis=1)
    [faces] = _found([both])
    assert len(faces) == 3
    assert sorted(face.label for face in faces) == ["Barack", "Joe", UNKNOWN]
    for face in faces:
        assert face.embedding is not None
        assert (face.confidence >= 0.57) or face.label == UNKNOWN
        assert face.attributes["similarity"] == pytest.approx(face.confidence)


def test_nobody_is_named_where_nobody_is_known(portraits: ChildPortraits) -> None:
    GALLERY.people = KnownFaces()
    [[face]] = _found(_clip(KNOWN["obama"][0]))
    assert (face.label, face.confidence, face.person_id) == (UNKNOWN, 0.0, None)


def test_a_submission_may_ask_for_more_similarity(portraits: ChildPortraits) -> None:
    image = _clip(KNOWN["biden"][1])[0]
    portrait = portraits.read(jpeg(_clip(KNOWN["biden"][0])[0]))
    [digest] = [known.digest for known in portrait.models if known.name == FIRST]
    GALLERY.people = KnownFaces.of([(_id(0), "Joe", portrait.faces[0].vectors[digest])])
    strict = TaskRequest(TaskName.IDENTITIES, 0.95, identification=Identification("tests"))
    [[usual], [strictly]] = _analyzer().analyze([frame(jpeg(image), ASKED), frame(jpeg(image), strict)])
    assert [face.label for face in usual.detections] == ["Joe"]
    assert [face.label for face in strictly.detections] == [UNKNOWN]
    assert strictly.detections[0].embedding is None


def test_what_is_said_of_a_picture(portraits: ChildPortraits) -> None:
    portrait: Portrait = portraits.read(media("ident", "obama.jpg").read_bytes())
    assert (portrait.width, portrait.height) == (910, 1137)
    [face] = portrait.faces
    assert face.size > 200
    assert face.sharpness > 0.1
    assert face.frontality > 0.8
    assert face.picture.startswith(b"\xff\xd8\xff")
    assert {len(vector) for vector in face.vectors.values()} <= {1024, 4096}
    [again] = portraits.read(face.picture).faces
    assert FIRST in [known.name for known in portrait.models]
    assert _alike(face.vectors, again.vectors) > 0.9, "the part that is kept is enough to learn the face again"


def _alike(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> float:
    return min(float(np.frombuffer(one[d], np.float32) @ np.frombuffer(other[d], np.float32)) for d in one)


@pytest.mark.parametrize("picture", [b"a text", b"\xff\xd8\xff and then nothing", b"\x89PNG\r\n\x1a\nnothing"])
def test_what_is_no_picture_is_refused_and_the_next_one_is_read(portraits: ChildPortraits, picture: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        portraits.read(picture)
    assert len(portraits.read(media("photos", "dog.jpg").read_bytes()).faces) == 0


def test_a_child_that_has_ended_is_started_anew(portraits: ChildPortraits) -> None:
    dog = media("photos", "dog.jpg").read_bytes()
    portraits.read(dog)
    child = portraits._child
    assert child is not None
    child.kill()
    child.wait()
    assert portraits.read(dog).faces == ()


def test_a_child_that_cannot_start_is_unavailable() -> None:
    with pytest.raises(FramewiseError, match="could not be loaded"):
        ChildPortraits(("false",)).read(b"\xff\xd8\xff")


def test_a_child_that_hangs_is_ended() -> None:
    with pytest.raises(FramewiseError, match="could not be loaded"):
        ChildPortraits(("sleep", "60"), load_seconds=0.2).read(b"\xff\xd8\xff")
