"""Calls for worker processes, which import this module: it imports next to nothing."""

import os
import signal
import sys

from model.errors import ArtifactError


def allocate(size):
    return len(bytearray(size))


def fail():
    raise ArtifactError("The weights are missing.")


def imported():
    return {name.partition(".")[0] for name in sys.modules}


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)
