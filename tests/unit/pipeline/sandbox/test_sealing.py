"""What a confined child may not do any more, each thing tried in a child of its own."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.decode.spawning import ENVIRONMENT
from pipeline.sandbox import seccomp, syscalls
from pipeline.sandbox.sealing import MEASURES

ALL = tuple(measure.name for measure in MEASURES)
DENIED = {"EPERM", "EACCES"}
TRIAL = """
import errno, json, os, resource, socket, sys, threading
from pathlib import Path
from pipeline.sandbox import sealing
sealing.MEASURES = tuple(m for m in sealing.MEASURES if m.name in json.loads(sys.argv[1]))

def tried(act):
    try:
        act()
    except OSError as e:
        return errno.errorcode[e.errno]
    return "done"

def told(outcome):
    os.write(1, json.dumps([confinement.missing, outcome]).encode())

argument = sys.argv[2]
"""
SEALED = "confinement = sealing.seal()\n"


def attempt(act: str, argument: object = "", measures: tuple[str, ...] = ALL, before: str = "") -> str:
    """What came of an act, an expression, after these measures: `done` or the name of the error."""
    script = f"{TRIAL}{before}\n{SEALED}told(tried(lambda: {act}))"
    command = [sys.executable, "-P", "-c", script, json.dumps(measures), str(argument)]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    missing, outcome = json.loads(ended.stdout)
    if missing:
        pytest.skip(f"this machine cannot have all measures: {missing}")
    return str(outcome)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket on loopback that somebody could connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def connected(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


DIAL = "socket.create_connection(('127.0.0.1', int(argument)), 2)"


def test_without_measures_it_would_connect(listener: socket.socket) -> None:
    assert attempt(DIAL, listener.getsockname()[1], ()) == "done"
    assert connected(listener)


@pytest.mark.parametrize(
    ("measures", "outcomes"),
    [
        (("namespace",), {"ENETUNREACH"}),
        (("capabilities", "seccomp"), {"EPERM"}),
        (ALL, {"EPERM"}),
    ],
)
def test_no_network(listener: socket.socket, measures: tuple[str, ...], outcomes: set[str]) -> None:
    assert attempt(DIAL, listener.getsockname()[1], measures) in outcomes
    assert not connected(listener)


def test_a_socket_that_is_open_already_leads_nowhere(listener: socket.socket) -> None:
    before = "opened = socket.socket()"
    assert attempt("opened.connect(('127.0.0.1', int(argument)))", listener.getsockname()[1], before=before) == "EPERM"
    assert not connected(listener)


EACH_ALONE = [("capabilities", "landlock"), ("capabilities", "seccomp"), ALL]


@pytest.mark.parametrize("measures", EACH_ALONE)
def test_no_program_is_run(measures: tuple[str, ...]) -> None:
    assert attempt("os.execv('/bin/true', ['true'])", measures=measures) in DENIED


@pytest.mark.parametrize("act", ["os.fork()", "os.posix_spawn('/bin/true', ['true'], {})"])
def test_no_process_is_started(act: str) -> None:
    assert attempt(act) in DENIED


def test_threads_are_started() -> None:
    assert attempt("threading.Thread(target=print).start()") == "done"


@pytest.mark.parametrize("measures", EACH_ALONE)
@pytest.mark.parametrize(
    "act",
    [
        "open(argument, 'w')",
        "open(argument, 'a')",
        "open(argument, 'r+')",
        "open(argument + '.new', 'x')",
        "os.open(argument, os.O_RDONLY | os.O_TRUNC)",
        "os.unlink(argument)",
        "os.mkdir(argument + '.folder')",
        "os.symlink('/', argument + '.link')",
    ],
)
def test_no_file_is_written(tmp_path: Path, measures: tuple[str, ...], act: str) -> None:
    kept = tmp_path / "kept"
    kept.write_text("before")
    assert attempt(act, kept, measures) in DENIED
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "before")]


@pytest.mark.parametrize("act", ["os.chmod(argument, 0)", "os.rename(argument, argument + '2')", "os.utime(argument)"])
def test_no_file_is_changed(tmp_path: Path, act: str) -> None:
    kept = tmp_path / "kept"
    kept.touch(0o600)
    before = kept.stat()
    assert attempt(act, kept) in DENIED
    assert kept.stat() == before


def test_only_libraries_are_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    assert attempt("open(argument)", tmp_path / "secret") in DENIED
    assert attempt("open('/etc/passwd')") in DENIED
    assert attempt("open(os.__file__)") == "done"


@pytest.mark.parametrize(
    "act",
    [
        "os.kill(os.getppid(), 0)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CORE)",
        "syscalls.checked(syscalls.libc().unshare(0x40000000))",
        "syscalls.call(syscalls.SYSTEM['bpf'], 0, None, 0)",
        "syscalls.call(syscalls.OTHER_PROCESSES['ptrace'], 0, 0, None, None)",
        "syscalls.call(syscalls.TGKILL, os.getppid(), os.getppid(), 0)",
    ],
)
def test_other_processes_and_the_system_are_out_of_reach(act: str) -> None:
    assert attempt(act, before="from pipeline.sandbox import syscalls") == "EPERM"


@pytest.mark.parametrize("number", [463, 1000, 0x40000000 + 41])
def test_calls_that_are_not_known_are_as_if_there_were_none(number: int) -> None:
    before = "from pipeline.sandbox import syscalls"
    assert attempt(f"syscalls.call(({number}, {number}), 0, 0, 0)", before=before) == "ENOSYS"


def test_threads_of_libraries_are_filtered_too_and_what_they_prevent_is_told() -> None:
    script = f"""{TRIAL}
go, said = threading.Event(), []
thread = threading.Thread(target=lambda: (go.wait(10), said.append(tried(lambda: socket.socket()))))
thread.start()
{SEALED}
go.set()
thread.join()
told([said, confinement.in_force["no network"]])
"""
    command = [sys.executable, "-P", "-c", script, json.dumps(ALL), ""]
    missing, (said, network) = json.loads(subprocess.run(command, env=ENVIRONMENT, stdout=-1, check=True).stdout)
    if "seccomp" in missing:
        pytest.skip(f"no seccomp here: {missing['seccomp']}")
    assert missing.keys() == {"namespace", "capabilities", "landlock"}
    assert (said, network) == (["EPERM"], ["seccomp"])


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> str:
    """What a filter says of a call, as the kernel would run it."""
    values = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *values)
    held = at = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, at * 8)
        at += 1
        if code == seccomp.RETURN:
            return NAMES[value]
        if code == seccomp.LOAD:
            (held,) = struct.unpack_from("=I", data, value)
        else:
            at += if_true if TESTS[code](held, value) else if_false


NAMES = {seccomp.ALLOW: "allowed", seccomp.DENY: "EPERM", seccomp.NO_SUCH_CALL: "ENOSYS", seccomp.KILL: "killed"}
TESTS: dict[int, Callable[[int, int], bool]] = {
    seccomp.IF_EQUAL: lambda held, value: held == value,
    seccomp.IF_AT_LEAST: lambda held, value: held >= value,
    seccomp.IF_ANY_BIT: lambda held, value: bool(held & value),
}


@pytest.mark.parametrize("kind", range(len(syscalls.MACHINES)))
def test_the_filter_of_each_machine(kind: int) -> None:
    program, here = seccomp.build(kind, pid=7), syscalls.AUDIT_ARCHITECTURES[kind]
    denied = {numbers[kind] for calls in seccomp.DENIED for numbers in calls.values()} - {None}
    judged = {n[kind] for n in (syscalls.OPEN, syscalls.OPENAT, syscalls.CLONE, syscalls.TGKILL, syscalls.PRLIMIT64)}
    refused = {syscalls.OPENAT2[kind], syscalls.CLONE3[kind]}
    for number in range(1100):
        expected = "EPERM" if number in denied else "ENOSYS" if number in refused or number >= 463 else "allowed"
        if number not in judged:
            assert verdict(program, here, number, 1, 1, 1) == expected, number
    assert verdict(program, syscalls.AUDIT_ARCHITECTURES[1 - kind], 0) == "killed"
    openat, clone, tgkill = syscalls.OPENAT[kind] or 0, syscalls.CLONE[kind] or 0, syscalls.TGKILL[kind] or 0
    assert verdict(program, here, openat, 0, 0, os.O_RDONLY | os.O_CLOEXEC) == "allowed"
    assert verdict(program, here, openat, 0, 0, os.O_RDWR) == "EPERM"
    assert verdict(program, here, clone, seccomp.CLONE_THREAD | 0xF00) == "allowed"
    assert verdict(program, here, clone, 17) == "EPERM"
    assert [verdict(program, here, tgkill, pid) for pid in (7, 8)] == ["allowed", "EPERM"]


@pytest.mark.parametrize(
    ("kind", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_kernel(kind: int, header: str) -> None:
    if not Path(header).is_file():
        pytest.skip(f"the kernel's header {header} is not installed")
    lines = [line.split() for line in Path(header).read_text().splitlines() if line.startswith("#define __NR")]
    known = {line[1].removeprefix("__NR_").removeprefix("__NR3264_"): line[2] for line in reversed(lines)}
    listed = {name: numbers[kind] for calls in seccomp.DENIED for name, numbers in calls.items()}
    wrong = {name: number for name, number in listed.items() if name in known and known[name] != str(number)}
    assert wrong == {}
    assert len(listed.keys() & known.keys()) > 90
