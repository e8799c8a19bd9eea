"""Says what is wrong with the site, and what to do. Exit codes: 0 all is well, 1 something is not."""

import dataclasses
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gamesched import doctor


class Command(BaseCommand):
    help = "Check settings, database, Redis, Discord, permissions, clocks and programs, and say what to do."
    requires_system_checks = ()  # it names their mistakes itself, and goes on

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in doctor.examine():
            findings.append(finding)
            if not options["json"]:
                self.stdout.write(str(finding))
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(finding) for finding in findings]))
        bad = sum(not finding.is_well for finding in findings)
        if bad:
            raise CommandError(f"{bad} of {len(findings)} checks found a problem.")
