"""Owns how an erasure is shown: its receipt, and what cannot be promised."""

from dataclasses import asdict

from api.erasing.answers import ErasureAnswer, RemovedAnswer
from pipeline.contracts.erasures import ErasedFrames, Erasure

NOT_PROMISED = (
    "copies that were made before: exports, webhooks and events that were sent, pictures that browsers have loaded, "
    "result files in buckets, backups",
    "the files of the database until they are rewritten (compaction): vectors about a day, other rows about ten to "
    "sixteen days after",
    "records on Kafka's topics until their retention: frames a day, live frames an hour, outcomes as the topic keeps "
    "them, records that were set aside fourteen days",
    "the sources themselves: files that wait for analysis or for being tried again, and what is behind an address",
    "frames in which nobody could know the person: their face was not found, or not near to where it was known",
)
KEPT = "stored frames: they were to be kept"


def erasure_answer(erasure: Erasure) -> ErasureAnswer:
    """The receipt as it stands."""
    return ErasureAnswer(
        erasure_id=erasure.erasure_id,
        state=erasure.state,
        requested_at=erasure.requested_at,
        erased_at=erasure.erased_at,
        frames=erasure.frames,
        removed=RemovedAnswer(**asdict(erasure.removed)),
        subjects=sorted(erasure.subjects),
        digest=erasure.digest,
        rounds=erasure.rounds,
        looks_again_at=erasure.due_at,
        not_promised=[*([KEPT] if erasure.frames is ErasedFrames.KEEP else []), *NOT_PROMISED],
        status_url=f"/people/erasures/{erasure.erasure_id}",
    )
