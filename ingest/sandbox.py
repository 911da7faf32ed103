"""Owns what ingest says of the sandbox of its decoders: tried at the start, logged, written down for `status`."""

import logging
import os
from pathlib import Path

from ingest.decode.process import DecoderProcess, request_of
from pipeline.contracts.errors import MediaError
from pipeline.contracts.settings import IngestSettings
from pipeline.sandbox.confinement import Confinement, write_confinement

logger = logging.getLogger(__name__)


def announce_sandbox(data_dir: Path, settings: IngestSettings) -> None:
    """Log and write down what confines decoders here; when none starts, say why and go on: each video fails alone."""
    try:
        found = tried(settings)
    except (MediaError, OSError) as e:
        logger.error("no decoder can be started: %s", e)  # noqa: TRY400 - the message is the whole story
        write_confinement(data_dir, None)
        return
    logger.info("decoding sandbox: %s", found)
    write_confinement(data_dir, found)


def tried(settings: IngestSettings) -> Confinement:
    """What a decoder of these settings says of itself before it reads; raises MediaError when it does not start."""
    with DecoderProcess(request_of(settings), Path(os.devnull), settings.decode_stall_seconds, lambda: None) as child:
        first = next(child.messages())
    if not isinstance(first, Confinement):
        raise MediaError(f"a decoder began with {type(first).__name__} and not with what confines it")
    return first
