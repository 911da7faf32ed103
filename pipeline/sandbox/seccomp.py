"""Owns the filter of system calls (seccomp): what a confined child may not ask of the kernel.

The filter is a program of classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/filter.h). What is denied
fails with EPERM. Calls that cannot be judged, because their flags lie in memory or because they are newer than this
list, fail with ENOSYS: libraries then fall back on older ones.
"""

import ctypes
import errno
import os
import struct

from pipeline.sandbox import syscalls
from pipeline.sandbox.syscalls import call, machine

LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

ALLOW = 0x7FFF0000
KILL = 0x80000000
DENY = 0x00050000 | errno.EPERM
NO_SUCH_CALL = 0x00050000 | errno.ENOSYS

SET_MODE_FILTER, ALL_THREADS = 1, 1
CLONE_THREAD = 0x10000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

DENIED = (syscalls.NETWORK, syscalls.PROGRAMS, syscalls.OTHER_PROCESSES, syscalls.FILES, syscalls.SYSTEM)

Rules = list[bytes]


def install(network: bool = False) -> None:
    """Filter the calls of this process, all its threads, for good; raises OSError. Needs no-new-privileges.

    Calls to the network are let through if `network` says so.
    """
    program = build(machine(), os.getpid(), network)
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    left_out = call(syscalls.SECCOMP, SET_MODE_FILTER, ALL_THREADS, ctypes.create_string_buffer(header, len(header)))
    if left_out:
        raise OSError("a thread has a filter of its own")


def build(kind: int, pid: int, network: bool = False) -> bytes:
    """The filter for a machine (an index into MACHINES) and the process `pid`, 8 bytes an instruction."""
    denied = DENIED[1:] if network else DENIED
    rules = [_do(LOAD, ARCHITECTURE), _do(IF_EQUAL, syscalls.AUDIT_ARCHITECTURES[kind], 1, 0), _do(RETURN, KILL)]
    rules += [_do(LOAD, NUMBER), _do(IF_AT_LEAST, syscalls.UNKNOWN, 0, 1), _do(RETURN, NO_SUCH_CALL)]
    for number in (numbers[kind] for calls in denied for numbers in calls.values()):
        rules += _for(number, [_do(RETURN, DENY)])
    for number in (syscalls.OPENAT2[kind], syscalls.CLONE3[kind]):
        rules += _for(number, [_do(RETURN, NO_SUCH_CALL)])
    rules += _for(syscalls.OPEN[kind], _unless(1, IF_ANY_BIT, WRITING))
    rules += _for(syscalls.OPENAT[kind], _unless(2, IF_ANY_BIT, WRITING))
    rules += _for(syscalls.CLONE[kind], _only(0, IF_ANY_BIT, CLONE_THREAD))
    rules += _for(syscalls.TGKILL[kind], _only(0, IF_EQUAL, pid))
    rules += _for(syscalls.PRLIMIT64[kind], _only(0, IF_EQUAL, 0))
    return b"".join([*rules, _do(RETURN, ALLOW)])


def _do(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; the jumps count the instructions that are passed over."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _for(number: int | None, rules: Rules) -> Rules:
    """The rules, for one call; none where the machine does not have it."""
    return [] if number is None else [_do(IF_EQUAL, number, 0, len(rules)), *rules]


def _only(argument: int, test: int, value: int) -> Rules:
    """Allowed when the argument's lower 32 bits pass the test, and else denied."""
    return [_do(LOAD, ARGUMENTS + 8 * argument), _do(test, value, 1, 0), _do(RETURN, DENY), _do(RETURN, ALLOW)]


def _unless(argument: int, test: int, value: int) -> Rules:
    """Denied when the argument's lower 32 bits pass the test, and else allowed."""
    return [_do(LOAD, ARGUMENTS + 8 * argument), _do(test, value, 0, 1), _do(RETURN, DENY), _do(RETURN, ALLOW)]
