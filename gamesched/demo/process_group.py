"""`python -m gamesched.demo.process_group COMMAND …`: run a command, and let none of its processes outlive it.

django-q's cluster passes over a SIGTERM that comes while it starts, and the signal that a parent's death sends comes
only once: the cluster then ran for ever.
"""

import os
import signal
import subprocess
import sys
import threading

from gamesched.demo.supervisor import die_with_parent

STOP_WITHIN = 2.0  # seconds to end in good order


def main() -> int:
    """The command's exit code; on SIGTERM it is asked to end, and the whole process group is killed after a while."""
    command = subprocess.Popen(sys.argv[1:], preexec_fn=die_with_parent)

    def stop(number: int, frame: object) -> None:
        command.terminate()
        # A thread, for the wait below is not to be disturbed.
        killer = threading.Timer(STOP_WITHIN, os.killpg, [os.getpgrp(), signal.SIGKILL])
        killer.daemon = True
        killer.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return command.wait()


if __name__ == "__main__":
    sys.exit(main())
