"""Owns the clips that decoding is measured on: real ones, encoded as people would; needs ffmpeg and the mirror."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CLIPS = ("woman_dog.mp4", "coffee_blue_cup.mp4", "people_vtest.avi")
GRAIN = "noise=alls=5:allf=t"
"""What is enlarged is smooth; with grain it takes as many bits, and as long to decode, as what a camera gives."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip of 25 frames a second: its size, how many seconds are encoded, and how often that is repeated.

    `group` is the most frames from one key frame to the next; 250 is what x264 does by itself.
    """

    name: str
    width: int
    height: int
    seconds: float
    loops: int = 1
    group: int = 250

    def made(self, media: Path, folder: Path) -> Path:
        """The file, encoded unless it is there already."""
        target = folder / f"{self.name}.mp4"
        if not target.exists():
            once = folder / f"{self.name}.once.mp4"
            _ffmpeg(*self._inputs(media), "-t", str(self.seconds), "-c:v", "libx264", "-g", str(self.group), str(once))
            whole = folder / f"{self.name}.part.mp4"
            _ffmpeg("-stream_loop", str(self.loops - 1), "-i", str(once), "-c", "copy", str(whole))
            once.unlink()
            whole.rename(target)
        return target

    def _inputs(self, media: Path) -> list[str]:
        same = f"setpts=N/25/TB,scale={self.width}:{self.height},setsar=1"
        parts = "".join(f"[{number}:v]{same}[v{number}];" for number in range(len(CLIPS)))
        joined = "".join(f"[v{number}]" for number in range(len(CLIPS)))
        graph = f"{parts}{joined}concat=n={len(CLIPS)}:v=1,{GRAIN},fps=25[out]"
        files = [part for clip in CLIPS for part in ("-i", str(media / clip))]
        return [*files, "-filter_complex", graph, "-map", "[out]", "-an"]


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


SD = Footage("480p", 640, 480, 54.84)
HD = Footage("1080p", 1920, 1080, 54.84)
HD_LONG = Footage("1080p-long", 1920, 1080, 54.84, 11)
HD_LONG_60 = Footage("1080p-long-60", 1920, 1080, 54.84, 11, 60)
UHD = Footage("2160p", 3840, 2160, 12, 5, 60)
