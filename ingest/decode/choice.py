"""Owns which frames of one decoding are sampled, and why nothing beyond a frame is read."""

from fractions import Fraction

from ingest.decode.messages import DecodeRequest
from ingest.sampling import Sampler, Take, spacing
from pipeline.contracts.errors import MediaError

SPARSE = 4
"""From so many frames to a sampled one on, going over all packets first is worth its time."""


class Choice:
    """Decides by media time, once for every frame in order. `ended_by` is None while nothing has ended it."""

    def __init__(self, request: DecodeRequest) -> None:
        self._request = request
        self._sampler = Sampler(request.sampling)
        self.ended_by: str | None = None

    def take(self, media_time: Fraction) -> Take:
        """What becomes of the next frame."""
        if media_time >= self._request.max_duration:
            self.ended_by = f"only the first {self._request.max_duration:g} s were read: the cap on the duration"
            return Take.END
        take = self._sampler.take(media_time)
        if take is Take.END:
            self.ended_by = ""
        return take

    def nothing_sampled(self, end: Fraction) -> MediaError:
        """Why no frame was taken of a video that ends there (seconds)."""
        sampling = self._request.sampling
        if self.ended_by is None:
            return MediaError(
                f"startTime {sampling.start_time:g} s lies beyond the end of the video, which is at {float(end):.3f} s"
            )
        if self.ended_by:
            return MediaError(f"startTime {sampling.start_time:g} s lies beyond what is read: {self.ended_by}")
        return MediaError(
            f"no frame lies between startTime {sampling.start_time or 0:g} s and endTime {sampling.end_time:g} s"
        )


def is_sparse(request: DecodeRequest, rate: Fraction) -> bool:
    """Whether much of a video of so many frames a second need not be decoded."""
    skipped = bool(request.sampling.start_time) or request.published_through > 0
    return skipped or spacing(request.sampling, rate) >= SPARSE


def read_until(request: DecodeRequest) -> Fraction:
    """Seconds after the first frame beyond which no frame is looked at."""
    end = request.sampling.end_time
    return Fraction(request.max_duration if end is None else min(end, request.max_duration))
