"""Owns a publisher: ffmpeg, which is given each frame at its time and sends it on at once."""

import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType

import av

from benchmarks.numbered import COUNT

STOP_SECONDS = 5.0
COMMAND = (
    *("ffmpeg", "-v", "error", "-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "4096"),
    *("-analyzeduration", "0", "-f", "flv", "-i", "pipe:0", "-c", "copy", "-flush_packets", "1", "-f", "flv"),
)


class Publisher:
    """Publishes a numbered clip over and over, in real time, while it is entered. Encoding is done beforehand.

    `sent` has, for each frame number counted on over the repetitions, when it was given to ffmpeg (seconds since 1970).
    """

    def __init__(self, clip: Path, address: str) -> None:
        with av.open(str(clip)) as video:
            stream = video.streams.video[0]
            assert stream.average_rate is not None
            self._rate = float(stream.average_rate)
            self._packets = [packet for packet in video.demux(stream) if packet.size]
            self._template = stream
            self._video = clip
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self.sent: list[float] = []

    def __enter__(self) -> "Publisher":
        self._ffmpeg = subprocess.Popen(
            [*COMMAND, self._address],
            stdin=subprocess.PIPE,
        )
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(STOP_SECONDS)
        self._ffmpeg.kill()
        self._ffmpeg.communicate(timeout=STOP_SECONDS)

    def _run(self) -> None:
        assert self._ffmpeg.stdin is not None
        began = time.time()
        options = {"flush_packets": "1", "flvflags": "no_duration_filesize"}
        with (
            av.open(str(self._video)) as clip,
            av.open(self._ffmpeg.stdin, "w", format="flv", options=options) as out,
        ):
            stream = out.add_stream_from_template(clip.streams.video[0])
            while not self._stop.is_set():
                packet = self._packets[len(self.sent) % len(self._packets)]
                due = began + len(self.sent) / self._rate
                if self._stop.wait(max(0.0, due - time.time())):
                    return
                packet.pts = packet.dts = round(len(self.sent) / self._rate / packet.time_base)
                packet.stream = stream
                self.sent.append(time.time())
                out.mux(packet)

    def sent_at(self, number: int, before: float) -> float | None:
        """When the newest frame of this number that was sent before a moment was given to ffmpeg."""
        period = len(self._packets)
        assert period <= COUNT
        candidates = range(number, len(self.sent), period)
        return next((self.sent[n] for n in reversed(candidates) if self.sent[n] <= before), None)
