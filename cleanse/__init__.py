"""cleanse turns scattered customer files into migration files a CRM accepts at first try, and proves it.

The public names load when they are asked for, so that ``cleanse --help`` stays instant:

    project = cleanse.load_project(Path("FOLDER"))
    outcome = cleanse.run(project)
    outcome.folder / "migration", outcome.quality["balance"]
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("cleanse")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0.0.0"

_HOMES = {
    "CleanseError": "cleanse.errors",
    "Outcome": "cleanse.flow",
    "Project": "cleanse.project",
    "load_project": "cleanse.project",
    "run": "cleanse.flow",
    "scan": "cleanse.flow",
}
__all__ = ["CleanseError", "Outcome", "Project", "__version__", "load_project", "run", "scan"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'cleanse' has no attribute {name!r}")
