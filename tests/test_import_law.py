"""The import law: which file may know which, one home per library, no circle, and purity where it is promised.

Every import counts: at the top, inside a function, under ``TYPE_CHECKING``. Exceptions stand here with their reason.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "cleanse"
FILES = sorted(p for p in ROOT.rglob("*.py"))
TREES = {p.relative_to(ROOT).as_posix(): ast.parse(p.read_text("utf-8")) for p in FILES}

ROOMS = ("kinds", "stages", "matching", "readers", "targets", "review", "reports", "runs")
NOUNS = {"model", "codes", "errors"}  # anybody may know these
# Whom a room or a file beside the rooms may import, over itself and the nouns.
ALLOWED = {
    **{room: set[str]() for room in ROOMS},
    **{noun: set[str]() for noun in NOUNS},
    "stages": {"kinds"},
    "profiles": set(),
    "rulebook": set(),
    "faults": set(),
    "messages": set(),
    "entities": {"kinds", "faults"},
    "wordlists": {"kinds", "faults"},
    "rulefiles": {"wordlists", "faults"},
    "settings": {"rulefiles", "faults"},
    "mappings": {"rulefiles", "settings", "faults"},
    "project": {
        "kinds", "profiles", "rulebook", "matching", "entities", "faults", "wordlists", "rulefiles", "settings", "mappings",
    },  # names of kinds, targets and match rules are checked as they are read
    "flow": {*ROOMS, "project", "profiles", "rulefiles", "settings", "__init__"},  # the corridor; the version goes into the manifest
    "cli": {"flow", "project", "reports", "runs", "messages"},
    "__main__": {"cli"},
    "__init__": set(),
    "data": set(),
}
# In these rooms files do not know each other; helpers without a KIND or a stage of their own may be shared.
SHARED = {
    "kinds": {
        "characters", "script", "places", "company", "phone_words", "date_shape", "check_characters", "code_points",
        "numerals",
    },
    "stages": set[str](),
}  # fmt: skip
INSIDE = {
    ("kinds/contact_line.py", "phone"),  # its cell holds a name, telephones and an e-mail address
    ("kinds/contact_line.py", "email"),
    ("kinds/header.py", "header_fields"),  # parts of one look-up in several files
    ("kinds/header.py", "header_path"),
    ("kinds/country.py", "text"),  # kept as text is
    ("kinds/owner.py", "picklist"),  # a roster is a picklist of people
    ("stages/tables.py", "rows"),  # parts of one stage in several files
    ("stages/tables.py", "sheet"),
    ("stages/tables.py", "form"),
    ("stages/tables.py", "reckoned"),
    ("stages/tables.py", "cards"),
    ("stages/cards.py", "rows"),
    ("stages/cards.py", "sheet"),
    ("stages/cards.py", "form"),
    ("stages/reckoned.py", "rows"),
    ("stages/reckoned.py", "sheet"),
    ("stages/form.py", "rows"),
    ("stages/form.py", "sheet"),
    ("stages/sheet.py", "rows"),
    ("stages/aside.py", "sheet"),
    ("stages/conform.py", "forms"),
    ("stages/conform.py", "losing"),
    ("stages/merge.py", "losing"),  # the lines that one makes and the other writes
    ("stages/losing.py", "forms"),
    ("stages/quality.py", "trial"),  # the exact bound
    ("stages/preflight.py", "preflight_values"),
    ("stages/quality.py", "quality_counts"),
    ("stages/trial.py", "shapes"),
    ("stages/normalize.py", "fixes"),
    ("stages/normalize.py", "cuts"),
    ("stages/cuts.py", "fixes"),  # cells as numbers that point to texts
    ("stages/merge.py", "survive"),
    ("stages/merge.py", "known"),  # golden ids, and those given out before
    ("stages/map.py", "join"),  # the noun that tells of joined columns
    ("stages/normalize.py", "map"),  # the noun that map hands over
    ("stages/homes.py", "map"),
    ("stages/rules.py", "truths"),  # what pandera is asked
    ("stages/validate.py", "truths"),
    ("stages/normalize.py", "homes"),  # the country of each row
}
# One library, one home, or one per room that writes or reads workbooks; the frames stand anywhere.
HOMES = {
    "click": {"cli/__init__.py", "cli/common.py", "cli/jobs.py", "cli/load.py", "cli/looking.py", "cli/review.py", "cli/rules.py"},
    "pandera": {"stages/truths.py"},
    "filelock": {"runs/audit.py", "runs/folder.py"},
    "jinja2": {"reports/html.py"}, "markupsafe": {"reports/html.py"}, "opencc": {"kinds/script.py"},
    "phonenumbers": {"kinds/phone.py", "kinds/phone_places.py"}, "pypinyin": {"kinds/person.py"},
    "stdnum": {"kinds/uscc.py", "kinds/licence.py", "kinds/cn_id.py", "kinds/org_code.py"},
    "charset_normalizer": {"readers/encodings.py"}, "dbfread": {"readers/dbf.py"},
    "lxml": {"readers/hidden.py", "readers/html.py", "readers/odf.py", "readers/odf_locked.py",
        "readers/opc.py", "readers/spreadsheetml.py", "readers/styles.py", "readers/xml_records.py"},
    "cryptography": {"readers/odf_locked.py"}, "msoffcrypto": {"readers/passwords.py"}, "olefile": {"readers/biff8.py"},
    "openpyxl": {"targets/template.py"}, "tomli_w": {"flow/models.py", "flow/template.py"},
    "flask": {"review/page/server.py"}, "werkzeug": {"review/page/server.py"},
    "sqlite3": {"runs/batches.py", "runs/book.py", "targets/sqlite.py"},
    "xlsxwriter": {"reports/xlsx.py", "review/judging.py", "review/suggestions.py", "review/workbook.py", "targets/workbook.py"},
    "python_calamine": {"readers/workbook.py", "review/judging.py", "review/suggestions.py", "review/workbook.py", "targets/workbook.py"},
    "rapidfuzz": {
        "kinds/header.py", "kinds/person.py", "kinds/picklist.py", "matching/comparison.py", "matching/learnt/levels.py",
        "review/cells.py",
    },
}  # fmt: skip
ANYWHERE = {"pandas", "numpy", "pyarrow"}
# What a pure room may not touch: the disk, the clock, dice, other processes.
PURE = ("kinds", "stages", "matching")
BANNED_MODULES = {
    "pathlib",
    "os",
    "io",
    "shutil",
    "tempfile",
    "time",
    "random",
    "secrets",
    "uuid",
    "subprocess",
    "socket",
    "importlib",
}
BANNED_NAMES = {
    "open",
    "now",
    "today",
    "utcnow",
    "random",
    "default_rng",
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
}
IMPURE = {"matching/explain.py": {"importlib", "read_text"}}  # its sentences are package data


def imports(name: str) -> Iterator[str]:
    """The dotted names a file imports; of ``from a import b`` both ``a.b``."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> set[str]:
    """The files of the house a file imports."""
    found = set()
    for dotted in imports(name):
        parts = dotted.split(".")
        if parts[0] == "cleanse":
            ways = ["/".join(parts[1:n]) for n in range(len(parts), 0, -1)]
            files = (f for way in ways for f in (f"{way}.py", f"{way}/__init__.py".lstrip("/")))
            found.add(next(f for f in files if f in TREES))
    return found - {name}


def room(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


@pytest.mark.parametrize("name", TREES)
def test_a_file_imports_only_whom_its_room_may_know(name):
    known = {room(name), *NOUNS, *ALLOWED[room(name)]}
    assert {room(other) for other in ours(name)} <= known
    inside = {Path(o).stem for o in ours(name) if room(o) == room(name) and "/" in o} - SHARED.get(room(name), set())
    if room(name) in SHARED and not name.endswith("__init__.py"):
        assert {(name, other) for other in inside} <= INSIDE


def test_there_is_no_circle():
    TopologicalSorter({name: ours(name) for name in TREES}).prepare()


@pytest.mark.parametrize("name", TREES)
def test_every_library_has_its_home(name):
    outside = {dotted.split(".")[0] for dotted in imports(name)} - {"cleanse"}
    homeless = {lib for lib in outside - ANYWHERE if lib not in sys.stdlib_module_names or lib in HOMES}
    assert {lib for lib in homeless if name not in HOMES.get(lib, ())} == set()


@pytest.mark.parametrize("name", [n for n in TREES if room(n) in PURE])
def test_a_pure_room_touches_no_disk_clock_or_dice(name):
    modules = {dotted.split(".")[0] for dotted in imports(name)} & BANNED_MODULES
    named = {n.attr for n in ast.walk(TREES[name]) if isinstance(n, ast.Attribute)}
    called = {n.func.id for n in ast.walk(TREES[name]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert modules | ((named | called) & BANNED_NAMES) <= IMPURE.get(name, set())


@pytest.mark.parametrize("name", [n for n in TREES if room(n) != "cli"])
def test_imports_stand_at_the_top(name):
    defs = [n for n in ast.walk(TREES[name]) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    assert not [n for d in defs for n in ast.walk(d) if isinstance(n, ast.Import | ast.ImportFrom)]


def test_data_holds_no_code():
    assert [name for name in TREES if room(name) == "data"] == ["data/__init__.py"]
    assert all(isinstance(node, ast.Expr) for node in TREES["data/__init__.py"].body)


def test_the_exceptions_written_down_are_needed():
    used = {(name, Path(o).stem) for name in TREES for o in ours(name) if room(o) == room(name)}
    assert used >= INSIDE
    homes = {(lib, name) for name in TREES for lib in {d.split(".")[0] for d in imports(name)} & set(HOMES)}
    assert homes == {(lib, name) for lib, names in HOMES.items() for name in names}
