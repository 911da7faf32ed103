"""Owns drawing: boxes and labels of a frame's results on its JPEG."""

from collections.abc import Iterable

import cv2

from pipeline.contracts.results import Box, Detection, ResultRow, TaskName
from pipeline.pictures import Image, decode, encode, hide

Bgr = tuple[int, int, int]

COLOURS: dict[TaskName, Bgr] = {
    TaskName.OBJECTS: (80, 200, 80),
    TaskName.FACES: (255, 160, 60),
    TaskName.EMOTIONS: (60, 140, 255),
    TaskName.IDENTITIES: (220, 90, 200),
}
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(jpeg: bytes, rows: Iterable[ResultRow], min_confidence: float = 0.0, hidden: Iterable[Box] = ()) -> bytes:
    """The JPEG with the boxes `hidden` blurred and the rows' findings drawn on it; raises FrameUnreadable."""
    return encode(drawn_on(decode(jpeg), rows, hidden, min_confidence))


def drawn_on(
    picture: Image, rows: Iterable[ResultRow], hidden: Iterable[Box] = (), min_confidence: float = 0.0
) -> Image:
    """The same on pixels, which are changed."""
    hide(picture, hidden)
    for row in sorted(rows, key=lambda row: list(TaskName).index(row.task)):
        sure = [d for d in row.detections if d.confidence >= min_confidence]
        if row.task is TaskName.COLORS:
            _palette(picture, sure)
        else:
            for detection in sure:
                _finding(picture, detection, COLOURS[row.task], below=row.task is TaskName.EMOTIONS)
    return picture


def _finding(image: Image, detection: Detection, colour: Bgr, below: bool) -> None:
    if detection.box is None:
        return
    left, top, right, bottom = _corners(detection.box, image)
    line = max(1, round(image.shape[0] / 360))
    cv2.rectangle(image, (left, top), (right, bottom), colour, line)
    _label(image, f"{detection.label} {detection.confidence:.2f}", (left, bottom if below else top), colour, below)


def _corners(box: Box, image: Image) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    return (
        round(box.x * width),
        round(box.y * height),
        round((box.x + box.width) * width) - 1,
        round((box.y + box.height) * height) - 1,
    )


def _label(image: Image, text: str, corner: tuple[int, int], colour: Bgr, below: bool) -> None:
    scale = max(0.35, image.shape[0] / 1200)
    (width, height), base = cv2.getTextSize(text, FONT, scale, 1)
    left = max(0, min(corner[0], image.shape[1] - width))
    over = corner[1] if below else corner[1] - height - base - 2
    top = max(0, min(over, image.shape[0] - height - base - 2))
    cv2.rectangle(image, (left, top), (left + width, top + height + base + 2), colour, cv2.FILLED)
    cv2.putText(image, text, (left, top + height + 1), FONT, scale, BLACK, 1, cv2.LINE_AA)


def _palette(image: Image, colours: list[Detection]) -> None:
    """A strip along the lower edge, each colour as wide as its share."""
    height, width = image.shape[:2]
    strip = max(4, height // 24)
    total = sum(d.confidence for d in colours) or 1.0
    left = 0.0
    for detection in colours:
        right = left + width * detection.confidence / total
        cv2.rectangle(image, (round(left), height - strip), (round(right), height), _bgr(detection.label), cv2.FILLED)
        left = right


def _bgr(label: str) -> Bgr:
    red, green, blue = (int(label[i : i + 2], 16) for i in (1, 3, 5))
    return blue, green, red
