"""Owns the error tree and the problem that a person reads.

Catch broadly, recover narrowly::

    FramewiseError
    ├── SourceError               a source cannot be had
    │   ├── SourceRefused         the guard does not let it through
    │   ├── SourceUnreachable     no answer, or an answer that is not the file
    │   └── SourceTooLarge        more bytes than the cap
    ├── MediaError                what was fetched is not a video that can be read
    ├── NotFound                  a video, a frame or a camera that is not there
    ├── Conflict                  the state of a video forbids it
    ├── Unauthorized              no key, or one that is not known
    ├── Forbidden                 a key without the scope
    ├── TooManyRequests           a limit is reached; it says when to try again
    ├── RecordInvalid             a record on a topic that does not follow the codec
    ├── FrameUnreadable           a JPEG that cannot be decoded
    ├── FrameFatal                a frame that ends or hangs the process that analyses it
    ├── ModelError
    │   ├── ModelUnavailable      its weights cannot be had, or its card is wrong
    │   └── ModelFailed           it raised, or answered in another shape
    ├── StoreError
    │   ├── StoreUnavailable      the server does not answer
    │   │   └── RtmpUnavailable   that to which streams are published
    │   └── DiskFull              no space left for a frame
    ├── LeaseLost                 another worker took the video over
    ├── StackError                a local server cannot be started or stopped
    └── ClusterError              a Spark cluster gives no workers, or they lack something
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in the words of RFC 9457: a stable type, a short title, and what to do in this case."""

    type: str
    title: str
    detail: str


class FramewiseError(Exception):
    """The root. `type` is a stable kebab-case name; the message says what was wrong, where, and what to do."""

    type = "internal-error"
    title = "Something went wrong"

    @property
    def problem(self) -> Problem:
        """The error as it is stored with a video or answered by the API."""
        return Problem(self.type, self.title, str(self) or self.title)


class SourceError(FramewiseError):
    """A source cannot be had."""

    type = "source-error"
    title = "The source cannot be had"


class SourceRefused(SourceError):
    """The guard does not let the source through."""

    type = "source-refused"
    title = "The source is not allowed"


class SourceUnreachable(SourceError):
    """The source does not answer, or does not answer with a file."""

    type = "source-unreachable"
    title = "The source cannot be fetched"


class SourceTooLarge(SourceError):
    """The source has more bytes than the cap."""

    type = "source-too-large"
    title = "The source is too large"


class MediaError(FramewiseError):
    """What was fetched is not a video that can be read."""

    type = "media-unreadable"
    title = "The file cannot be read as a video"


class NotFound(FramewiseError):
    """A video, a frame or a camera that is not there."""

    type = "not-found"
    title = "Not found"


class Conflict(FramewiseError):
    """The state of a video forbids it."""

    type = "conflict"
    title = "Not possible in this state"


class Unauthorized(FramewiseError):
    """A request without an API key, or with one that is not known."""

    type = "unauthorized"
    title = "A key is needed"


class Forbidden(FramewiseError):
    """A request with an API key that does not allow it."""

    type = "forbidden"
    title = "The key does not allow this"


class TooManyRequests(FramewiseError):
    """A limit is reached. `retry_after` is in seconds."""

    type = "too-many-requests"
    title = "A limit is reached"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class RecordInvalid(FramewiseError):
    """A record on a topic does not follow the codec."""

    type = "record-invalid"
    title = "The record cannot be read"


class FrameUnreadable(FramewiseError):
    """A JPEG cannot be decoded."""

    type = "frame-unreadable"
    title = "The frame cannot be decoded"


class FrameFatal(FramewiseError):
    """A frame ends or hangs the process that analyses it."""

    type = "frame-fatal"
    title = "The frame ended its worker"


class ModelError(FramewiseError):
    """A model cannot be had or did not answer."""

    type = "model-error"
    title = "The model cannot be used"


class ModelUnavailable(ModelError):
    """A model's weights cannot be had, or its card is wrong."""

    type = "model-unavailable"
    title = "The model cannot be loaded"


class ModelFailed(ModelError):
    """A model raised, or answered in a shape that its card does not promise."""

    type = "model-failed"
    title = "The model failed"


class StoreError(FramewiseError):
    """A store did not take or give what was asked."""

    type = "store-error"
    title = "The store failed"


class StoreUnavailable(StoreError):
    """A store's server does not answer."""

    type = "store-unavailable"
    title = "The store does not answer"


class RtmpUnavailable(StoreUnavailable):
    """The RTMP server does not answer."""

    type = "rtmp-unavailable"
    title = "Streams cannot be published here"


class DiskFull(StoreError):
    """There is no space left to store a frame."""

    type = "disk-full"
    title = "The disk is full"


class LeaseLost(FramewiseError):
    """Another worker took the video over."""

    type = "lease-lost"
    title = "The video is in other hands"


class StackError(FramewiseError):
    """A local server cannot be started or stopped."""

    type = "stack-error"
    title = "The local stack failed"


class ClusterError(FramewiseError):
    """A Spark cluster gives no workers, or they lack something."""

    type = "cluster-error"
    title = "The analysis does not run on the cluster"
