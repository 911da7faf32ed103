"""People whom faces are compared with: the likest photo of each counts, and nobody is in a frame twice."""

from uuid import UUID

import numpy as np
import pytest

from inference.gallery import KnownFaces, assigned

ANNA, BERT, CLEO = (UUID(int=n) for n in (1, 2, 3))


def _raw(*values: float) -> bytes:
    vector = np.array(values, np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32).tobytes()


def _face(*values: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.frombuffer(_raw(*values), np.float32)[None]


def test_the_likest_photo_of_a_person_counts() -> None:
    known = KnownFaces.of([(ANNA, "Anna", _raw(1, 0, 0)), (ANNA, "Anna", _raw(0, 1, 0)), (BERT, "Bert", _raw(0, 0, 1))])
    assert [name for _, name in known.people] == ["Anna", "Bert"]
    assert np.allclose(known.similarities(_face(0, 1, 0)), [[1, 0]])
    assert np.allclose(known.similarities(_face(1, 1, 0)), [[2**-0.5, 0]])


def test_collections_are_compared_together() -> None:
    first = KnownFaces.of([(ANNA, "Anna", _raw(1, 0, 0)), (ANNA, "Anna", _raw(0, 1, 0))])
    second = KnownFaces.of([(BERT, "Bert", _raw(0, 0, 1)), (CLEO, "Cleo", _raw(0, 1, 1))])
    known = KnownFaces.together([first, KnownFaces(), second])
    assert [person for person, _ in known.people] == [ANNA, BERT, CLEO]
    assert np.allclose(known.similarities(_face(0, 0, 1)), [[0, 1, 2**-0.5]])
    assert KnownFaces.together([KnownFaces(), first]) is first


def test_nobody_is_known_by_nobody() -> None:
    assert KnownFaces().similarities(_face(1, 0)).shape == (1, 0)
    assert assigned(KnownFaces().similarities(_face(1, 0)), 0.5) == [None]


def test_a_vector_of_another_length_is_left_out() -> None:
    known = KnownFaces.of([(ANNA, "Anna", _raw(1, 0)), (BERT, "Bert", _raw(1, 0, 0))])
    assert known.people == ((ANNA, "Anna"),)


def test_a_person_is_named_once_and_the_likest_face_gets_the_name() -> None:
    alike = np.array([[0.7, 0.1], [0.9, 0.6], [0.2, 0.55]], np.float32)
    assert assigned(alike, 0.5) == [None, 0, 1]


def test_who_is_not_the_likest_of_the_first_may_be_the_second_choice() -> None:
    alike = np.array([[0.9, 0.0], [0.8, 0.6]], np.float32)
    assert assigned(alike, 0.5) == [0, 1]


def test_a_similarity_of_just_the_threshold_is_enough() -> None:
    assert assigned(np.array([[0.5]], np.float32), 0.5) == [0]
    assert assigned(np.array([[0.49]], np.float32), 0.5) == [None]


def test_among_very_many_people_the_likest_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.sieve.WORTH", 100_000)
    chance = np.random.default_rng(1)
    mixed = chance.normal(size=(200, 256)) * 0.97 ** np.arange(200)[:, None]
    many = np.abs(chance.normal(size=(1_500, 200)) @ mixed + 20).astype(np.float32)
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    known = KnownFaces.of((UUID(int=n // 3), f"{n // 3}", row.tobytes()) for n, row in enumerate(many))
    assert known.sieve is not None
    asked = chance.integers(0, 1_500, 20)
    noisy = many[asked] + chance.normal(size=(20, 256)).astype(np.float32) * 0.004
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    alike = known.similarities(noisy)
    exactly = np.maximum.reduceat(noisy @ many.T, np.arange(0, 1_500, 3), axis=1)
    assert (alike.argmax(axis=1) == asked // 3).all()
    assert np.allclose(alike.max(axis=1), exactly.max(axis=1), atol=1e-5)
    assert (alike > -1).sum(axis=1).max() <= 128
