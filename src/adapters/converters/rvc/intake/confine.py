"""What the child gives up before it looks at a stranger's model."""

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


def confine(*, max_cpu_s: int, more_memory_bytes: int, max_file_bytes: int) -> None:
    """Bound memory, processor time and what is written; open no further file, socket or process. There is no way back.

    Call it after the last import: with RLIMIT_NOFILE at 0 not even a module can be read any more, which is the point: what
    was taken over has the files that it was started with and nothing else.

    Args:
        max_cpu_s: from now on.
        more_memory_bytes: address space beyond what the loaded libraries have already, which differs by some gigabytes
            between builds of torch.
        max_file_bytes: of each file.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, max_cpu_s + int(used.ru_utime + used.ru_stime) + 1)
    _limit(resource.RLIMIT_FSIZE, max_file_bytes)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, _address_space() + more_memory_bytes)
    # Elsewhere (macOS) the address space cannot be bounded below what is mapped already; what is left there is that
    # no file of ours may claim more than it has bytes.
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
