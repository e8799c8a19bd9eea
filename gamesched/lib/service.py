"""Stops long-running commands on signals."""

import asyncio
import os
import signal
import threading

STOP_WITHIN = 8.0  # seconds; Docker kills after ten


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Set the event on SIGTERM and SIGINT, and end the process soon, whatever it waits for.

    Call it inside the running loop.
    """

    def stop() -> None:
        stopping.set()
        # A thread that waits for a database which does not answer can be stopped by nothing, and would keep the
        # process. All that is kept is in the database, so nothing is lost with it.
        ending = threading.Timer(STOP_WITHIN, os._exit, [0])
        ending.daemon = True
        ending.start()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
