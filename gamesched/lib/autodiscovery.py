"""Imports modules from feature folders, as Django does with each app's admin."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType


def import_from_folders(package: ModuleType, name: str) -> list[ModuleType]:
    """Import the module `name` from each folder of a package that has it, in alphabetical order."""
    folders = [f"{package.__name__}.{folder.name}" for folder in iter_modules(package.__path__) if folder.ispkg]
    return [import_module(f"{folder}.{name}") for folder in folders if find_spec(f"{folder}.{name}")]
