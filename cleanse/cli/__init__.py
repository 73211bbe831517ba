"""The verbs. Thin: heavy libraries load inside a verb, so that ``cleanse --help`` is instant."""

from __future__ import annotations

import gc
import io
import sys

import click

from cleanse.cli import jobs, load, looking
from cleanse.cli.review import review
from cleanse.cli.rules import rules


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cleanse")
def cleanse() -> None:
    """Turn scattered customer files into migration files a CRM accepts at first try, and prove it.

    Exit codes: 0 clean, 1 findings above the gate, 2 wrong use or configuration, 3 a source could not be read,
    4 target or disk refused, 5 approval missing, 10 a fault of ours.
    """


for _verb in (
    jobs.run,
    jobs.scan,
    jobs.init,
    jobs.trial,
    jobs.results,
    review,
    looking.trace,
    looking.report,
    looking.runs,
    rules,
    load.approve,
    load.load,
    load.reconcile,
    load.undo,
    load.audit,
):
    cleanse.add_command(_verb)


def main() -> None:
    """The console entry. Tables hold millions of objects that live as long as they do: looking them through for cycles as
    often as Python does by itself would cost a twentieth of a run."""
    gc.set_threshold(100_000, 50, 1000)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            make_speakable(stream)
    cleanse()


def make_speakable(stream: io.TextIOWrapper) -> None:
    """Let a stream take whatever is said: UTF-8 where it knows no Chinese (a redirected stream on a Western Windows), and a
    question mark for a single rare character."""
    try:
        "客户→".encode(stream.encoding)
    except UnicodeEncodeError:
        stream.reconfigure(encoding="utf-8")
    else:
        stream.reconfigure(errors="replace")
