"""Owns the process that has the decoder's libraries loaded: `python -m ingest.decode.preloaded`, a child a request.

Loading them costs a quarter of a second of processor time, as much as a short clip itself; a fork costs milliseconds.
This process reads nothing of any source. Each child confines itself before the first byte, as one that was started
anew. Requests come on stdin, a socket: the request in JSON, with descriptors for the source, for messages, for
complaints, and of a socket on which the child's id and end are told and by which it is killed: by closing it.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from dataclasses import dataclass, field

from ingest.decode.child import confined, decode
from ingest.decode.forking import MOST_BYTES, NUMBER, RIGHTS

CONTROL = 3
"""The place of that socket among the descriptors."""
FIRST_UNUSED = 3
"""Above stdin, stdout and stderr."""


@dataclass
class Preloaded:
    """Forks and reaps. For one thread, and in a process without others."""

    requests: socket.socket
    _watched: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    _children: dict[int, socket.socket] = field(default_factory=dict)

    def run(self) -> None:
        """Until nobody can ask any more; the children end then, since their parent does."""
        ended, bell = socket.socketpair()
        for end in (ended, bell):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        self._watched.register(self.requests, selectors.EVENT_READ, None)
        self._watched.register(ended, selectors.EVENT_READ, self._reap)
        while True:
            for key, _ in self._watched.select():
                if key.data is not None:
                    key.data(key.fileobj)
                elif not self._serve():
                    return

    def _serve(self) -> bool:
        """Begin a child for the next request; whether there may be more."""
        request, given, *_ = socket.recv_fds(self.requests, MOST_BYTES, RIGHTS)
        if not request:
            return False
        parent, child = os.getpid(), os.fork()
        if child == 0:
            become_child(request.decode(), given, parent)
        for number in given[:CONTROL]:
            os.close(number)
        control = socket.socket(fileno=given[CONTROL])
        self._children[child] = control
        self._watched.register(control, selectors.EVENT_READ, self._kill)
        with contextlib.suppress(OSError):
            control.send(NUMBER.pack(child))
        return True

    def _kill(self, control: socket.socket) -> None:
        """Nobody waits for it any more. One that has ended at this moment is not among the children."""
        for child, known in self._children.items():
            if known is control:
                self._watched.unregister(control)
                os.kill(child, signal.SIGKILL)

    def _reap(self, bell: socket.socket) -> None:
        bell.recv(MOST_BYTES)
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            control = self._children.pop(child)
            with contextlib.suppress(KeyError):
                self._watched.unregister(control)
            with contextlib.suppress(OSError):
                control.send(NUMBER.pack(os.waitstatus_to_exitcode(status)))
            control.close()


def become_child(request: str, given: list[int], parent: int) -> None:
    """Decode, and never return: with the descriptors of this request and no others."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for ours in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(ours, signal.SIG_DFL)
        for place, number in enumerate(given[:CONTROL]):
            os.dup2(number, place)
        os.closerange(FIRST_UNUSED, os.sysconf("SC_OPEN_MAX"))
        code = confined(decode, request, str(parent))
    except BaseException:  # noqa: BLE001 - nothing of it may go on as if it were the parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> int:
    """Load, then serve."""
    import ingest.decode.session  # noqa: F401

    gc.collect()
    gc.freeze()
    Preloaded(socket.socket(fileno=os.dup(0))).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
