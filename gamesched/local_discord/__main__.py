"""Runs the local Discord as a separate program: `python -m gamesched.local_discord`."""

import argparse
import asyncio
import errno
import signal
import socket
import sqlite3
import sys
from pathlib import Path

from gamesched.local_discord.server import registered_redirect_uris, start


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options, shared with `manage.py local_discord`."""
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--fd", type=int, help="listen on this inherited socket, in place of host and port")
    parser.add_argument("--state", type=Path, help="file that keeps the messages; without it they are forgotten")
    parser.add_argument("--crowd", action="store_true", help="more people and a second server, as the demo has")
    parser.add_argument("--public-url", default="http://localhost:8000", help="where Game Scheduler is")
    parser.add_argument("--redirect", action="append", default=[], help="another allowed OAuth2 redirect address")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT. Return the exit code."""
    try:
        return asyncio.run(_serve(options))
    except OSError as reason:
        if reason.errno == errno.EADDRINUSE:
            problem = f"Port {options.port} on {options.host} is taken. Choose another with --port."
        else:
            problem = f"Cannot listen on {options.host}:{options.port}: {reason.strerror or reason}."
    except sqlite3.Error as reason:
        problem = f"Cannot use {options.state} as state file: {reason}. Name another, or delete it."
    sys.stderr.write(problem + "\n")
    return 1


async def _serve(options: argparse.Namespace) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopping.set)
    redirect_uris = registered_redirect_uris(options.public_url, options.redirect)
    listener = None if options.fd is None else socket.socket(fileno=options.fd)
    server = await start(options.host, options.port, redirect_uris, options.state, options.crowd, listener)
    sys.stdout.write(f"Local Discord: {server.origin}\n")
    sys.stdout.flush()
    await stopping.wait()
    await server.stop()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m gamesched.local_discord", description=__doc__)
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
