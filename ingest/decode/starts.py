"""Owns at which packets decoding may begin, so that whatever is shown from there on is as if all had been decoded."""

from collections.abc import Iterator

from av.video.codeccontext import VideoCodecContext

CONTAINER_SAYS = frozenset({"vp9", "av1"})
"""Codecs in which a key frame replaces every reference, and of which a packet is a shown frame."""
H264_IDR = 5
HEVC_RANDOM_ACCESS = range(16, 22)


class Starts:
    """Judges the key packets of one stream. `known` is whether it is in a codec of which this can be said.

    An H.264 key packet may be a recovery point, whose successors refer to what was before: it must hold an IDR
    picture (ITU-T H.264, 7.4.1.2.4). In H.265 decoders leave out what a random access picture makes unreadable
    (ITU-T H.265, 8.1.3), and this is shown before it.
    """

    def __init__(self, decoder: VideoCodecContext) -> None:
        self._codec = decoder.codec.canonical_name
        self._length = _length_of_lengths(self._codec, decoder.extradata)
        self.known = self._codec in CONTAINER_SAYS | {"h264", "hevc"} or decoder.codec.intra_only

    @property
    def flows(self) -> bool:
        """Whether a start may follow on anything: it needs no decoder that was emptied before."""
        return self._codec != "hevc"

    @property
    def passes_over(self) -> bool:
        """Whether the decoder knows, packet by packet, to pass over a frame that no other refers to."""
        return self._codec in ("h264", "hevc")

    def at(self, packet: bytes) -> bool:
        """Whether decoding may begin with a packet that is marked as a key frame."""
        if self._codec == "h264":
            return any(unit[0] & 31 == H264_IDR for unit in self._units(packet))
        if self._codec == "hevc":
            return any(unit[0] >> 1 & 63 in HEVC_RANDOM_ACCESS for unit in self._units(packet))
        return True

    def _units(self, packet: bytes) -> Iterator[bytes]:
        """The first byte of each network abstraction layer unit, after a length or after 00 00 01."""
        return _with_lengths(packet, self._length) if self._length else _with_start_codes(packet)


def _length_of_lengths(codec: str, header: bytes | None) -> int:
    """How many bytes say a unit's length (ISO/IEC 14496-15, 5.3.3 and 8.3.3); 0 where start codes part them."""
    place = {"h264": 4, "hevc": 21}.get(codec)
    if place is None or header is None or len(header) <= place or header[0] != 1:
        return 0
    return (header[place] & 3) + 1


def _with_lengths(packet: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size < len(packet):
        length = int.from_bytes(packet[at : at + size])
        if 0 < length <= len(packet) - at - size:
            yield packet[at + size : at + size + 1]
        at += size + length


def _with_start_codes(packet: bytes) -> Iterator[bytes]:
    at = packet.find(b"\0\0\1")
    while 0 <= at < len(packet) - 3:
        yield packet[at + 3 : at + 4]
        at = packet.find(b"\0\0\1", at + 3)
