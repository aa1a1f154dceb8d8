"""bounds.py - memory and time that a process which opens a hostile file may take."""

import os
import resource
import signal
import sys

# An instrumented build ("make coverage", "make asan-all") takes several times as long, and memory of its own.
SLOW_BUILD = bool(os.environ.get("ADCP_SLOW_BUILD"))
SECONDS = 1200 if SLOW_BUILD else 240 if "--all" in sys.argv else 60
ADDRESS_SPACE = 4 << 30


def bound():
    """Address space for this process, and time until the next call."""
    if not SLOW_BUILD:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.alarm(SECONDS)


def peak_mb():
    """Of this program: ru_maxrss begins with what the process had before it."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) // 1024
