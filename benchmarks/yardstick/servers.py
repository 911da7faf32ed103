"""Owns the servers that some contenders need: started when first needed, standing still while others are measured."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import psutil

from benchmarks.yardstick.contender import Needs
from stack import jars, processes
from stack.settings import StackSettings, effective
from stack.state import StackState, read_state
from stack.trial import Trial, trial

SERVICES = {Needs.BROKER: ("kafka",), Needs.STACK: ()}
JARS = ("spark-kafka",)


class Servers:
    """A broker of its own for those on Kafka, and a whole stack for Framewise. A context manager that ends them.

    Those that are not needed are suspended (SIGSTOP), so that nobody's idle servers cost others anything. The stack
    takes that for a machine that slept.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._trials: dict[Needs, Trial] = {}
        self._ends = ExitStack()

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._trials.values():
            _signal(one, psutil.Process.resume)
        self._ends.close()

    @contextmanager
    def awake(self, needs: Needs) -> Iterator[tuple[dict[str, str], dict[str, list[int]]]]:
        """Only these are awake: the settings that lead to them, and their processes by name."""
        if needs in SERVICES and needs not in self._trials:
            self._trials[needs] = self._ends.enter_context(trial(*SERVICES[needs], workers=self._cores))
            _signal(self._trials[needs], psutil.Process.suspend)
        chosen = self._trials.get(needs)
        if chosen is None:
            yield {}, {}
            return
        _signal(chosen, psutil.Process.resume)
        try:
            yield _variables(chosen.settings), _roots(_state(chosen))
        finally:
            _signal(chosen, psutil.Process.suspend)


def _variables(settings: StackSettings) -> dict[str, str]:
    """How a contender reaches these servers, with a data folder of its own all the same."""
    jars.ensure(settings, JARS)
    own = {name: value for name, value in effective(settings).items() if name != "FRAMEWISE_DATA_DIR"}
    spark = {"FRAMEWISE_SPARK_JARS": jars.spark_jars(settings), "PYSPARK_PYTHON": sys.executable}
    return own | spark


def _state(one: Trial) -> StackState:
    state = read_state(one.settings.state_file)
    assert state is not None
    return state


def _roots(state: StackState) -> dict[str, list[int]]:
    return {name: [s.process.pid] for name, s in state.services.items() if s.process is not None}


def _signal(one: Trial, act: Callable[[psutil.Process], None]) -> None:
    """Suspend or resume all processes of a stack, those above first."""
    for process in processes.family(_state(one).supervisor):
        with suppress(psutil.Error):
            act(process)
