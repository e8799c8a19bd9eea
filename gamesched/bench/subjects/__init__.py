"""The subjects, in the order of running. Each module has `measure(bench)`."""

# Name, and the most seconds it may take in a run of `--quick`, of the usual size, and of `--full`.
SUBJECTS: dict[str, tuple[int, int, int]] = {
    "timers": (150, 150, 300),
    "clicks": (240, 150, 600),
    "pages": (60, 150, 300),
    "drain": (90, 120, 300),
    "live": (90, 100, 240),
    "takeover": (60, 60, 120),
    "inserts": (45, 60, 120),
    "idle": (80, 120, 400),
    "periodic": (60, 100, 600),
    "start": (60, 90, 300),
    "calls": (60, 60, 60),
    "share": (45, 60, 90),
    "lease": (180, 150, 600),
}

# A subject that counts, and waits most of the time, runs beside another, which measures what it does not share.
BESIDE = {"calls": "periodic"}
