"""Owns what of the log is a picture of this video, which of them are repeats, and what cannot be read."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from ingest.live.captured.log import LogRecord
from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import FrameUnreadable, RecordInvalid
from pipeline.contracts.jpegs import jpeg_size
from pipeline.kafka.capture_codec import decode_capture
from pipeline.kafka.publishing import DeadLetter

MOST_KNOWN = 4096
"""So many ids of pictures are remembered, to know one that comes again."""
ID_BYTES = 16

SetAside = Callable[[DeadLetter], None]


class KnownCaptures:
    """The ids of the newest pictures, and where each was met first: read again from there it is no repeat."""

    def __init__(self) -> None:
        self._met: OrderedDict[str, int] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._met)

    def is_repeat(self, capture_id: str, offset: int) -> bool:
        """Whether a picture was met before, elsewhere; it is remembered from now on."""
        met = self._met.setdefault(capture_id, offset)
        if len(self._met) > MOST_KNOWN:
            self._met.popitem(last=False)
        return met != offset


@dataclass(frozen=True)
class Reading:
    """Tells the records of one video apart; what cannot be read is set aside with the reason."""

    video_id: UUID
    most_pixels: int
    set_aside: SetAside

    def is_ours(self, record: LogRecord) -> bool:
        """Whether a record is of this video; one that is of no video at all is set aside."""
        if record.key is None or len(record.key) != ID_BYTES:
            self.put_aside(record, "the key is not the 16 bytes of a video's id")
            return False
        return record.key == self.video_id.bytes

    def read(self, record: LogRecord) -> Capture | EndOfCaptures | None:
        """What a record of ours says; None for one that is set aside."""
        try:
            item = decode_capture(record.value, record.headers)
            self._check(item)
        except (RecordInvalid, FrameUnreadable) as e:
            self.put_aside(record, str(e))
            return None
        return item

    def _check(self, item: Capture | EndOfCaptures) -> None:
        if item.video_id != self.video_id:
            raise RecordInvalid(f"header 'video_id' is {item.video_id}, the key says {self.video_id}")
        if isinstance(item, Capture):
            width, height = jpeg_size(item.jpeg)
            if not 0 < width * height <= self.most_pixels:
                raise RecordInvalid(
                    f"the picture has {width}×{height} pixels; at most {self.most_pixels} are taken "
                    "(FRAMEWISE_MAX_PIXELS)"
                )

    def put_aside(self, record: LogRecord, reason: str) -> None:
        """Set a record aside."""
        headers = tuple((name, value or b"") for name, value in record.headers.items())
        letter = DeadLetter(record.value, record.topic, record.partition, record.offset, reason, headers)
        self.set_aside(letter)
