"""Owns the memory on a device that a session reads its input from, kept from one batch to the next."""

from dataclasses import dataclass

import onnxruntime

from inference.arrays import Tensor

SHAPES = 8
"""So many shapes of input have memory at the same time; the one used longest ago makes room."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Memory for input of one shape, and what ties it to the session."""

    given: onnxruntime.OrtValue
    binding: onnxruntime.IOBinding


class Bound:
    """Runs a session of one input on `device` (`cuda` or `cpu`). For one thread."""

    def __init__(self, session: onnxruntime.InferenceSession, name: str, outputs: list[str], device: str) -> None:
        self._session = session
        self._name = name
        self._outputs = outputs
        self._device = device
        self._places: dict[tuple[int, ...], _Place] = {}

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        """The session's outputs for this input, the caller's own."""
        place = self._places.pop(tensor.shape, None) or self._made(tensor)
        self._places[tensor.shape] = place
        if len(self._places) > SHAPES:
            del self._places[next(iter(self._places))]
        place.given.update_inplace(tensor)
        self._session.run_with_iobinding(place.binding)
        return dict(zip(self._outputs, place.binding.copy_outputs_to_cpu(), strict=True))

    def _made(self, tensor: Tensor) -> _Place:
        given = onnxruntime.OrtValue.ortvalue_from_shape_and_type(tensor.shape, tensor.dtype.type, self._device, 0)
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(self._name, given)
        for name in self._outputs:
            binding.bind_output(name, self._device)  # its shape may follow from what is in the pictures
        return _Place(given, binding)
