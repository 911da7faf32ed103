"""Owns the child that speaks a stream's protocol and takes its container apart: `python -m ingest.live.transport`.

It is told what to open in one line on stdin, as JSON, so that no address with a password stands in a list of processes.
Packets go to stdout as they come; the last line on stderr says why it ended. It decodes nothing, and the only address
that it knows is the one that its parent gave it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO

from ingest.decode.limits import confine
from ingest.live.opening import Opening
from ingest.live.packets import Packet, StreamHeader, write_header, write_packet

MEMORY_BYTES = 2 * 2**30
LONG_SECONDS = 30 * 86_400.0
READY_SECONDS = 0.004
"""A packet that takes longer was waited for; what comes sooner lay ready."""
AT_PACE = 3
HELD_SECONDS = 1.0
MOST_READY = 2000


def main(parent: str) -> int:
    """Forward packets until the source or the parent ends; 0 after the end of a source, 1 with a reason on stderr."""
    opening = Opening(**json.loads(sys.stdin.buffer.readline()))
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    confine(MEMORY_BYTES, LONG_SECONDS, int(parent))
    try:
        return forward(opening, pipe)
    except BrokenPipeError:
        return 0


def forward(opening: Opening, pipe: BinaryIO) -> int:
    """Open and confine, then write the header and every packet."""
    import av
    from av.error import FFmpegError

    from ingest.live import containers

    av.logging.set_level(None)  # a thread that logs would wait for Python, which waits for it in freeing a decoder
    try:
        container = containers.opened(opening)
        header, packets = containers.described(container), containers.packets(container)
        write_header(pipe, header)
        source = paced(packets, header) if opening.kind == "file" else backdated(packets, header.time_base)
        for packet in source:
            write_packet(pipe, packet)
        while opening.loops:
            container = containers.again(opening, container)
            for packet in paced(containers.packets(container), header):
                write_packet(pipe, packet)
    except (FFmpegError, OSError, ValueError) as e:
        if isinstance(e, BrokenPipeError):
            raise
        sys.stderr.write(f"{getattr(e, 'strerror', None) or type(e).__name__}\n")
        return 1
    return 0


def backdated(
    packets: Iterator[Packet], time_base: Fraction, clock: Callable[[], float] = time.monotonic
) -> Iterator[Packet]:
    """The packets, but those at the start with the time at which they would have come without delay.

    Opening a stream reads ahead, so the first ones lie ready and come in a burst. They are held until packets come at
    the stream's own pace, about a second at most, and dated by the one among them that was the least late.
    """
    ready: list[Packet] = []
    began = asked = clock()
    at_pace = 0
    for packet in packets:
        waited = clock() - asked
        at_pace = at_pace + 1 if ready and waited >= _pace(ready[-1], packet, time_base) else 0
        ready.append(packet)
        if at_pace >= AT_PACE or clock() - began > HELD_SECONDS or len(ready) >= MOST_READY:
            break
        asked = clock()
    yield from _dated(ready, time_base)
    yield from packets


def _pace(before: Packet, packet: Packet, time_base: Fraction) -> float:
    """How many seconds after the one before a packet comes at least that was waited for."""
    if before.dts is None or packet.dts is None:
        return READY_SECONDS
    return max(READY_SECONDS, float((packet.dts - before.dts) * time_base) / 2)


def _dated(ready: list[Packet], time_base: Fraction) -> list[Packet]:
    """The packets with the times at which they came, or should have come by the clock of the least late of them."""
    late = [p.arrived_at - round(p.pts * time_base * 1_000_000) for p in ready if p.pts is not None]
    if not late:
        return ready
    least = min(late)
    return [p if p.pts is None else replace(p, arrived_at=least + round(p.pts * time_base * 1_000_000)) for p in ready]


def paced(packets: Iterator[Packet], header: StreamHeader) -> Iterator[Packet]:
    """The packets of a file at the speed at which they were recorded, as if they were captured now."""
    began = time.monotonic()
    first: int | None = None
    for packet in packets:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            first = stamp if first is None else first
            time.sleep(max(0.0, float((stamp - first) * header.time_base) - (time.monotonic() - began)))
        yield Packet(packet.data, packet.pts, packet.dts, time.time_ns() // 1000)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
