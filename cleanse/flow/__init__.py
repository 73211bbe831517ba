"""What the verbs call: the run and everything beside it. ``corridor`` shows the order of the stages."""

from cleanse.flow.corridor import Outcome, run, trial_alone
from cleanse.flow.duplicates import per_owner
from cleanse.flow.judging import judge
from cleanse.flow.reading import scan
from cleanse.flow.reviewing import review_export, review_import
from cleanse.flow.serving import review_page
from cleanse.flow.starting import init, project_of

__all__ = [
    "Outcome",
    "init",
    "judge",
    "per_owner",
    "project_of",
    "review_export",
    "review_import",
    "review_page",
    "run",
    "scan",
    "trial_alone",
]
