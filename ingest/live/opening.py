"""Owns what the transport child is asked to open, and how FFmpeg is told to lose no time over it."""

import json
from dataclasses import asdict, dataclass, field

CLIENT = {"rw_timeout": "5000000", "timeout": "5000000", "fflags": "nobuffer", "flags": "low_delay"}
PROBE = {"probesize": "131072", "analyzeduration": "300000", "fpsprobesize": "0"}
PROTOCOLS = {"rtmp": "rtmp,tcp", "rtsp": "rtsp,rtp,tcp"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open. `kind` is `net` (RTMP or RTSP at a checked address), `pipe` (a container's bytes on a descriptor),
    `file` (played in real time, round and round if it `loops`) or `camera` (V4L2).
    """

    kind: str
    target: str = ""
    options: dict[str, str] = field(default_factory=dict)
    descriptor: int = -1
    loops: bool = False

    def to_line(self) -> bytes:
        """As it is written to the child."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


def options_of(scheme: str, **more: str) -> dict[str, str]:
    """FFmpeg's options for a protocol that it speaks to the checked address."""
    known = CLIENT | PROBE | {"protocol_whitelist": PROTOCOLS[scheme]}
    if scheme == "rtsp":
        known |= {"rtsp_transport": "tcp", "max_delay": "0", "reorder_queue_size": "0"}
        del known["rw_timeout"]
    else:
        known |= {"rtmp_live": "live", "rtmp_buffer": "0"}
        del known["timeout"]  # for RTMP it means to listen
    return known | more
