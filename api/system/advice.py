"""Owns what to do when something is wrong: plain words and the command, by rules over what was measured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from api.system.answers import AdviceAnswer, DiskAnswer, Level, ServerAnswer

BEHIND_SECONDS = 60.0
FEW_SECONDS = 5.0
"""A window shorter than this proves no standstill."""
LITTLE_SPACE = 0.1
FAILING_SHARE = 0.01
BY_ITSELF = "The supervisor starts it again by itself: when it stays away, its log says why."
NO_ANSWER = {
    "frames": "Outcomes wait; nothing is lost. Have the bucket of FRAMEWISE_FRAME_STORE be there, and allow its use.",
    "kafka": f"Frames that were decoded are kept and wait; nothing is lost. {BY_ITSELF}",
    "cassandra": f"Nothing can be submitted or read until it is back; what is being analysed waits for it. {BY_ITSELF}",
    "ingest": f"Submitted videos wait. {BY_ITSELF}",
    "analysis": f"Decoded frames wait in Kafka; nothing is lost. {BY_ITSELF}",
    "rtmp": "Nobody can publish by RTMP; all else works. Where nginx or its RTMP module is missing, install both and "
    "start again.",
}
OPTIONAL = frozenset({"rtmp"})
"""What a machine may do without: it is said, and nothing is red for it."""
ELSEWHERE = "Its log may say why."
COMMANDS = {
    "frames": "./run.sh logs analysis",
    "disk": ".venv/bin/python clear_frames.py --days 7",
    "rtmp": "sudo apt install nginx libnginx-mod-rtmp && ./run.sh down && ./run.sh",
}
SPACE = (
    "Clear what was stored long ago (results and pictures go, the videos' counts stay), or give the folder more room."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. Rates are frames a second, `grown` says what counts have grown in the window."""

    servers: tuple[ServerAnswer, ...] = ()
    disk: DiskAnswer | None = None
    waiting: float = 0.0
    window_seconds: float = 0.0
    rates: dict[str, float] = field(default_factory=dict)
    grown: dict[str, float] = field(default_factory=dict)

    @property
    def analysed(self) -> float:
        """Frames a second that had an outcome."""
        return self.rates.get("done", 0.0) + self.rates.get("failed", 0.0)

    @property
    def lag_seconds(self) -> float | None:
        """How long what waits will take; None while nothing moves."""
        if not self.waiting:
            return 0.0
        return self.waiting / self.analysed if self.analysed else None


def advice(facts: Facts) -> list[AdviceAnswer]:
    """What to do, the worst first."""
    found = [one for rule in RULES for one in rule(facts)]
    return sorted(found, key=lambda one: list(Level).index(one.level), reverse=True)


def worst(found: list[AdviceAnswer]) -> Level:
    """How bad it is."""
    return found[0].level if found else Level.GOOD


def _servers(facts: Facts) -> Iterator[AdviceAnswer]:
    for server in facts.servers:
        if not server.ok:
            do = SPACE if server.name == "disk" else NO_ANSWER.get(server.name, ELSEWHERE)
            command = COMMANDS.get(server.name, f"./run.sh logs {server.name}")
            level = Level.GOOD if server.name in OPTIONAL else Level.BAD
            yield AdviceAnswer(level=level, about=server.name, what=_sentence(server), do=do, command=command)


def _sentence(server: ServerAnswer) -> str:
    name = "RTMP" if server.name == "rtmp" else server.name.capitalize()
    return f"{name} is not well: {server.detail.rstrip('.')}."


def _disk(facts: Facts) -> Iterator[AdviceAnswer]:
    red = any(server.name == "disk" and not server.ok for server in facts.servers)
    if facts.disk is not None and not red and facts.disk.free_bytes < LITTLE_SPACE * facts.disk.total_bytes:
        what = f"The disk has {facts.disk.free_bytes / 2**30:.1f} GiB left, less than a tenth."
        yield AdviceAnswer(level=Level.WARN, about="disk", what=what, do=SPACE, command=COMMANDS["disk"])


def _standstill(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.waiting and not facts.analysed and facts.window_seconds >= FEW_SECONDS:
        yield AdviceAnswer(
            level=Level.WARN if facts.window_seconds < 2 * FEW_SECONDS else Level.BAD,
            about="analysis",
            what=f"{facts.waiting:.0f} frames wait, and none was analysed for {facts.window_seconds:.0f} s.",
            do="The first frames after a start take some seconds. If it goes on, the analysis' log says what it does.",
            command="./run.sh logs analysis",
        )


def _behind(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.lag_seconds is not None and facts.lag_seconds > BEHIND_SECONDS:
        yield AdviceAnswer(
            level=Level.WARN,
            about="analysis",
            what=f"The analysis is {facts.lag_seconds:.0f} s behind.",
            do="Take more workers, sample fewer frames, or wait: files are never dropped.",
            command="./run.sh workers N",
        )


def _failing(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.analysed and facts.rates.get("failed", 0.0) / facts.analysed > FAILING_SHARE:
        yield AdviceAnswer(
            level=Level.WARN,
            about="analysis",
            what=f"{facts.rates['failed'] / facts.analysed:.0%} of the frames fail.",
            do="The video's page names the reason of each; the log has the rest.",
            command="./run.sh logs analysis",
        )


def _dropped(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.rates.get("dropped", 0.0) > 0:
        yield AdviceAnswer(
            level=Level.WARN,
            about="live",
            what=f"Live streams drop {facts.rates['dropped']:.1f} frames a second: the analysis cannot keep up.",
            do="Sample fewer frames of them, ask for fewer models, or take more workers.",
            command="./run.sh workers N",
        )


def _set_aside(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.grown.get("framewise_dead_letters_total", 0.0) > 0:
        yield AdviceAnswer(
            level=Level.WARN,
            about="analysis",
            what="Records were set aside: a frame crashed or hung a worker, or could not be read.",
            do="Look at them; they can be sent again.",
            command="./run.sh dead-letters list",
        )


def _waiting_for_stores(facts: Facts) -> Iterator[AdviceAnswer]:
    if facts.grown.get("framewise_store_retries_total", 0.0) > 0:
        yield AdviceAnswer(
            level=Level.WARN,
            about="analysis",
            what="Workers wait for a store or for space and try again.",
            do="Nothing is lost. See whether Cassandra is well and the disk has room.",
            command="./run.sh status",
        )


RULES: tuple[Callable[[Facts], Iterator[AdviceAnswer]], ...] = (
    _servers,
    _disk,
    _standstill,
    _behind,
    _failing,
    _dropped,
    _set_aside,
    _waiting_for_stores,
)
