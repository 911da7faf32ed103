"""Owns the choice of the frame store: a folder of this machine, or a bucket that machines share."""

from pipeline.contracts.settings import PathSettings, S3Settings
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.object_frames import ObjectFrameStore


def open_frame_store(paths: PathSettings, s3: S3Settings) -> FolderFrameStore | ObjectFrameStore:
    """The frame store of the settings. Nothing is asked of a bucket before it is used."""
    if paths.frames_in_objects:
        return ObjectFrameStore(paths.frame_store, s3)
    return FolderFrameStore(paths.frames_dir)
