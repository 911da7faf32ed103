"""Owns the process that looks at pictures: questions come on stdin, answers go to stdout, idle it ends."""

import logging
import os
import resource
import select
import sys
from typing import BinaryIO

from inference.portraits.reader import PortraitReader
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import PathSettings
from pipeline.portraits.faces import PictureUnreadable
from pipeline.portraits.messages import Question, Said, read_exactly, read_head, write
from pipeline.sandbox.sealing import WITH_THREADS, seal

logger = logging.getLogger("inference.portraits")

IDLE_SECONDS = 120.0
MEMORY_BYTES = 3 * 2**30
"""Of its own data, models included."""
OPEN_FILES = 128


def main() -> int:
    """Load, say so, answer; ends with 0 when nobody asks any more."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not be taken for an answer
    os.nice(5)
    settings = PathSettings()
    try:
        reader = PortraitReader(settings.models_dir, settings.weights_dir, settings.mirror)
    except FramewiseError as error:
        write(answers, Said(unavailable=str(error)))
        return 1
    confine()
    write(answers, Said())
    return serve(reader, sys.stdin.buffer, answers)


def serve(reader: PortraitReader, questions: BinaryIO, answers: BinaryIO, idle_seconds: float = IDLE_SECONDS) -> int:
    """Answer until the other end has gone, or says nothing for so long."""
    while select.select([questions], [], [], idle_seconds)[0]:
        try:
            question = Question.model_validate_json(read_head(questions))
            picture = read_exactly(questions, question.picture_bytes)
        except EOFError:
            return 0
        write(answers, _answer(reader, question, picture))
    return 0


def confine() -> None:
    """From here on: so much memory, few open files, no dumps with faces in them; no network, programs or files written.

    Where the platform has no filter of system calls, that is logged, and files are kept from being written by a limit.
    """
    for limit, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (most, most if hard == resource.RLIM_INFINITY else min(most, hard)))
    if reason := seal(WITH_THREADS).missing.get("seccomp"):
        logger.warning("photos are looked at without a filter of system calls: %s", reason)


def _answer(reader: PortraitReader, question: Question, picture: bytes) -> Said:
    try:
        return Said(portrait=reader.read(picture, question.box))
    except PictureUnreadable as error:
        return Said(unreadable=str(error))
    except MemoryError:
        return Said(unreadable="the picture needs more memory than it may have; send a smaller one")
    except FramewiseError as error:
        return Said(unavailable=str(error))


if __name__ == "__main__":
    sys.exit(main())
