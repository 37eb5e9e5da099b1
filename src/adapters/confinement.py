"""What a process of ours gives up before it looks at a stranger's file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def leave_with_parent() -> None:
    """Die when the parent does, also by SIGKILL; and write no core file, which would hold the upload."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(_PR_SET_DUMPABLE, 0)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def confine(*, max_cpu_s: int, max_memory_bytes: int, max_file_bytes: int = 0, from_now: bool = False) -> None:
    """Bound memory, processor time and what is written; open no further file, socket or process. There is no way back.

    Call it after the last import: with RLIMIT_NOFILE at 0 not even a module can be read any more, which is the point: what
    was taken over has the files and pipes that it was started with and nothing else.

    Args:
        max_cpu_s: of the process.
        max_memory_bytes: of address space.
        max_file_bytes: of each file that is written.
        from_now: whether processor time and memory count beyond what the loaded libraries have taken already, which differs
            by some gigabytes between builds of torch.
    """
    if from_now:
        used = resource.getrusage(resource.RUSAGE_SELF)
        max_cpu_s += int(used.ru_utime + used.ru_stime) + 1
    _limit(resource.RLIMIT_CPU, max_cpu_s)
    _limit(resource.RLIMIT_FSIZE, max_file_bytes)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, max_memory_bytes + (_address_space() if from_now else 0))
    else:
        # macOS knows RLIMIT_AS but refuses a value below what is mapped already (all of its shared cache). What is left
        # there is that readers take no more than a file has, and stop at their own limits.
        try:
            _limit(resource.RLIMIT_AS, max_memory_bytes)
        except (ValueError, OSError):
            sys.stderr.write("this system does not bound the address space\n")
    _limit(resource.RLIMIT_NOFILE, 0)
    # Superusers are not bound by this one; for everybody else it forbids fork and threads.
    _limit(resource.RLIMIT_NPROC, 0)


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (bound, bound))


def _prctl(option: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
