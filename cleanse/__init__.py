"""cleanse turns scattered customer files into migration files a CRM accepts at first try, and proves it."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cleanse")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0.0.0"
