"""Owns the camera of the edge's long tests, a process: faces at a rate into the agent's spool, sent by its sender.

`python -m tests.edge_sender FOLDER URL RATE PAUSE`; with a file FOLDER/enough it makes no more, and sends what is left.
Each crop is a line of FOLDER/offered, and of FOLDER/accepted once the spool has it.
"""

import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from connectors.edge.agent import underway
from connectors.edge.agent.sending import Sender
from connectors.edge.agent.spool import Spool
from connectors.edge.brokers import BrokerSettings
from connectors.edge.crops import Crop, crop_id
from connectors.edge.messages import encode
from connectors.edge.passing import Inlet
from connectors.edge.session import Session

SITE, CAMERA = "yard", "gate"


def main(folder: Path, url: str, rate: float, pause: float) -> None:
    """Run until SIGTERM."""
    underway.FIRST_PAUSE, underway.OVERTAKEN, underway.PROBE_PAUSE = pause, pause / 3, pause / 6
    halt = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: halt.set())
    spool = Spool(folder / "spool", 2**28, 100_000)
    sender = Sender(spool, "stored")
    session = Session(
        BrokerSettings(url=url), "edge-sender", Inlet((f"framewise/{SITE}/{CAMERA}/stored",), sender.confirmed)
    )
    session.start()
    threading.Thread(target=sender.run, args=(session, halt), daemon=True).start()
    with (folder / "offered").open("a", 1) as offered, (folder / "accepted").open("a", 1) as accepted:
        while not halt.wait(1 / rate):
            if not (folder / "enough").exists():
                crop = face(datetime.now(UTC))
                offered.write(f"{crop.crop_id}\n")
                spool.put(crop.crop_id, encode(crop))
                accepted.write(f"{crop.crop_id}\n")
    session.stop()


def face(at: datetime) -> Crop:
    """A picture like no other."""
    noise = np.random.default_rng(time.monotonic_ns()).integers(0, 256, (96, 80, 3), np.uint8)
    picture = cv2.imencode(".jpg", noise)[1].tobytes()
    track = str(at.microsecond)
    return Crop(picture, SITE, CAMERA, at, track, crop_id(SITE, CAMERA, at, track))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
