"""The model processes that this process has started."""

from __future__ import annotations

import psutil


def model_processes() -> list[int]:
    """Ids of those that run. Not all children are: a server that tests share may be one, too."""
    found = []
    for child in psutil.Process().children():
        try:
            if "adapters.hosts.child" in child.cmdline():
                found.append(child.pid)
        except psutil.NoSuchProcess:
            # It ends right now; a zombie counts as such, too.
            continue
    return found
