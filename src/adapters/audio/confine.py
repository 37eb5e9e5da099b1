"""What the decoder child gives up before it looks at a stranger's file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

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


def confine(*, max_cpu_s: int, max_memory_bytes: int) -> None:
    """Bound memory and processor time; open no further file, socket or process. There is no way back.

    Call it after the last import: with RLIMIT_NOFILE at 0 not even a module can be read any more, which is the point:
    a decoder that was taken over has its three pipes and nothing else.
    """
    _limit(resource.RLIMIT_CPU, max_cpu_s)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 0)
    # Superusers are not bound by this one; for everybody else it forbids fork and threads.
    _limit(resource.RLIMIT_NPROC, 0)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, max_memory_bytes)
    else:
        # macOS knows RLIMIT_AS but refuses a value below what is mapped already (all of its shared cache), so there the
        # bound on memory is the decoder's own: blocks of 65 536 frames and a stop at the limit.
        try:
            _limit(resource.RLIMIT_AS, max_memory_bytes)
        except (ValueError, OSError):
            sys.stderr.write("decoder: this system does not bound the address space\n")


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (bound, bound))


def _prctl(option: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
