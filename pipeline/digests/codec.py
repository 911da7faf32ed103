"""Owns how a digest is stored: a JSON head and the arrays behind it, compressed."""

import json
import zlib
from dataclasses import asdict

import numpy as np

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import TaskName
from pipeline.digests.digest import FINDINGS, FRAMES, RUNS, Digest, Track

VERSION = 1
HEAD_BYTES = 4
LEVEL = 1
"""Of zlib: higher ones gain a tenth of the size and take five times as long."""


def encode(digest: Digest) -> bytes:
    """The digest as bytes."""
    arrays = (digest.frames, digest.runs, digest.findings)
    head = {
        "version": VERSION,
        "bucket": digest.bucket,
        "tracks": [asdict(track) for track in digest.tracks],
        "labels": digest.labels,
        "lengths": [len(array) for array in arrays],
    }
    text = json.dumps(head).encode()
    body = b"".join(array.tobytes() for array in arrays)
    return zlib.compress(len(text).to_bytes(HEAD_BYTES, "big") + text + body, LEVEL)


def decode(data: bytes) -> Digest:
    """The digest; raises RecordInvalid when these bytes are none that this version has written."""
    try:
        plain = zlib.decompress(data)
        end = HEAD_BYTES + int.from_bytes(plain[:HEAD_BYTES], "big")
        head = json.loads(plain[HEAD_BYTES:end])
        if head["version"] != VERSION:
            raise RecordInvalid(f"a digest has version {head['version']}, this code knows {VERSION}")
        arrays = []
        for kind, length in zip((FRAMES, RUNS, FINDINGS), head["lengths"], strict=True):
            arrays.append(np.frombuffer(plain, kind, length, end))
            end += length * kind.itemsize
    except (zlib.error, ValueError, KeyError, TypeError) as e:
        raise RecordInvalid(f"a digest cannot be read: {e}") from e
    tracks = tuple(Track(TaskName(t["task"]), t["model"], t["model_digest"]) for t in head["tracks"])
    return Digest(head["bucket"], tracks, tuple(head["labels"]), *arrays)
