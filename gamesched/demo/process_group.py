"""`python -m gamesched.demo.process_group COMMAND …`: runs a command, and lets none of its processes outlive it.

django-q's cluster ignores a SIGTERM that comes while it starts, and the signal from a parent's death comes only
once: the cluster then ran for ever.
"""

import os
import signal
import subprocess
import sys
import threading

from gamesched.demo.supervisor import die_with_parent

STOP_WITHIN = 2.0  # seconds to end in good order


def main() -> int:
    """Run the command and return its exit code. On SIGTERM terminate it, and after STOP_WITHIN kill the group."""
    command = subprocess.Popen(sys.argv[1:], preexec_fn=die_with_parent)

    def stop(number: int, frame: object) -> None:
        command.terminate()
        # In a thread, so as not to disturb the wait below.
        killer = threading.Timer(STOP_WITHIN, os.killpg, [os.getpgrp(), signal.SIGKILL])
        killer.daemon = True
        killer.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return command.wait()


if __name__ == "__main__":
    sys.exit(main())
