"""Owns where a worker's files lie on a cluster: every host has folders of its own, the frame store is shared."""

from pipeline.contracts.settings import PathSettings


def on_this_host(application: PathSettings) -> PathSettings:
    """The paths by this host's own variables, with the frame store of the application.

    FRAMEWISE_DATA_DIR and FRAMEWISE_MIRROR count as they are set for the executor; without them files lie in the
    home folder, and weights come from where their cards say.
    """
    return PathSettings(frame_store=application.frame_store)
