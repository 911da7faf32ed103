"""The runtimes behind one protocol. Each is imported only when a card names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from inference.arrays import Tensor
from inference.cards import Card, InputSpec
from pipeline.contracts.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Compute:
    """What a model may use: `threads` of the processor for one operation, or the GPU, which must then be there.

    A `rehearsal` goes the GPU's way on the processor, for tests and trials where there is no GPU.
    """

    gpu: bool = False
    threads: int = 1
    rehearsal: bool = False

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU computes."""
        return self.gpu and not self.rehearsal


class Runtime(Protocol):
    """A network that runs. The caller feeds every input by the card's name, the batch first."""

    @property
    def device(self) -> str:
        """What it runs on, for the log: a provider or a device name."""

    @property
    def input(self) -> InputSpec:
        """How pictures are made into its input: as the card says, or as plain bytes that it makes numbers of itself."""

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors that the card's output names, the batch first in each."""


class Loader(Protocol):
    """What a module of this package has to offer as `load`."""

    def __call__(self, card: Card, folder: Path, compute: Compute) -> Runtime:
        """The runtime of a card whose files lie in `folder`."""


_MODULES = {"onnx": "inference.runtimes.onnx", "tensorflow": "inference.runtimes.tensorflow"}


def load_runtime(card: Card, folder: Path, compute: Compute) -> Runtime:
    """The runtime that a card names, loaded. Raises ModelUnavailable when its library or its device is missing."""
    try:
        module = import_module(_MODULES[card.runtime])
    except ImportError as error:
        raise ModelUnavailable(
            f"{card.name} needs the {card.runtime} runtime, which is not installed ({error}): "
            "install the project with the extra 'cpu' or 'gpu'"
        ) from error
    return cast(Loader, module.load)(card, folder, compute)
