"""Owns the input of a network: batches of pictures of one canvas as tensors, made when needed or before."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from inference.arrays import Image, Tensor
from inference.cards import InputSpec
from inference.tensors import Placement, draw, empty, place

KEPT = 4
"""Inputs that wait to be taken, of one model; what nobody takes makes room."""

Each = Callable[[Callable[[int], None], Iterable[int]], object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Some of the pictures of a call, by index, as one tensor, and where each lies on its canvas."""

    indices: Sequence[int]
    places: Sequence[Placement]
    tensor: Tensor

    @property
    def canvas(self) -> tuple[int, int]:
        """(height, width) of what the network sees."""
        return self.places[0].canvas


def prepare(spec: InputSpec, images: Sequence[Image], limit: int, each: Each | None = None) -> Iterator[Prepared]:
    """The pictures in batches of one canvas, at most `limit` together; `each` draws several at the same time."""
    places = [place(spec, image) for image in images]
    for indices in _batches(places, limit):
        spots = [places[i] for i in indices]
        tensor = empty(spec, spots)

        def put(slot: int, indices: list[int] = indices, tensor: Tensor = tensor) -> None:
            draw(spec, tensor[slot], images[indices[slot]], places[indices[slot]])

        if each is None:
            for slot in range(len(indices)):
                put(slot)
        else:
            each(put, range(len(indices)))
        yield Prepared(indices, spots, tensor)


def _batches(places: Sequence[Placement], limit: int) -> Iterator[list[int]]:
    """Indices of pictures that share a canvas, at most `limit` together."""
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for index, spot in enumerate(places):
        groups[spot.canvas].append(index)
    for group in groups.values():
        yield from (group[start : start + limit] for start in range(0, len(group), limit))


class PreparedInputs:
    """Inputs that were made before their pictures are asked about. One thread puts, one takes."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Sequence[Image], list[Prepared]]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def put(self, images: Sequence[Image], batches: list[Prepared]) -> None:
        """Keep the input of these pictures until it is taken."""
        with self._lock:
            self._waiting.append((images, batches))

    def take(self, images: Sequence[Image]) -> list[Prepared] | None:
        """The input of exactly these pictures, once; None where it was not prepared."""
        with self._lock:
            for number, (known, batches) in enumerate(self._waiting):
                if len(known) == len(images) and all(a is b for a, b in zip(known, images, strict=True)):
                    del self._waiting[number]
                    return batches
        return None
