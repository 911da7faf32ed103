from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.yardstick.footage import Footage


@pytest.fixture
def footage(tmp_path: Path) -> Footage:
    """Clips out of two sources of six frames of 4:3: one of ever brighter greys, one of ever darker ones."""
    sources = []
    for name, greys in (("up", range(0, 120, 20)), ("down", range(240, 120, -20))):
        path = tmp_path / f"{name}.mp4"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=10, options={"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for grey in greys:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((120, 160, 3), grey, np.uint8))))
            out.mux(stream.encode())
        sources.append(path)
    return Footage(tmp_path / "clips", tuple(sources))
