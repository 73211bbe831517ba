"""What cleanse.toml and the options say of reading: limits, passwords, databases; faults are named where they stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleanse.cli import cleanse
from cleanse.errors import UsageError
from cleanse.project import load_project

MADE = Path(__file__).parent / "made"
PASSWORD = "秘密 123"


@pytest.fixture
def folder(tmp_path):
    def build(settings="", *names):
        (tmp_path / "files").mkdir()
        for name in names:
            shutil.copy(MADE / name, tmp_path / "files" / name)
        (tmp_path / "cleanse.toml").write_text(
            f'[project]\nlanguage = "zh"\n[sources]\npaths = ["files"]\n{settings}', "utf-8"
        )
        return tmp_path

    return build


def scan(root, *options):
    return CliRunner().invoke(cleanse, ["scan", "--project", str(root), *options])


def test_a_password_file_opens_workbooks_and_is_never_shown(folder, tmp_path):
    root = folder("", "locked97.xls", "locked2010.xlsx")
    (tmp_path / "words").write_text(f"falsch\n{PASSWORD}\n", "utf-8")
    refused, opened = scan(root), scan(root, "--password-file", str(tmp_path / "words"))
    assert refused.exit_code == 3 and "--password-file" in refused.output
    assert opened.exit_code == 0 and "customer.name" in opened.output and PASSWORD not in opened.output
    assert PASSWORD not in repr(load_project(root, password_file=tmp_path / "words"))


@pytest.mark.parametrize("name", ["locked97.xls", "locked2010.xlsx", "locked.ods"])
def test_a_run_says_what_a_locked_file_needs_and_goes_on_without_it(folder, tmp_path, name):
    """No password, a wrong one, the right one: exit code 3 and what to do, until the file is read."""
    root, words = folder("", "gbk.csv", name), tmp_path / "words"

    def run(*lines):
        words.write_text("\n".join(lines), "utf-8")
        options = ["--password-file", str(words)] if lines else []
        return CliRunner().invoke(cleanse, ["run", "--project", str(root), *options])

    none, wrong, right = run(), run("falsch"), run("falsch", PASSWORD)
    assert none.exit_code == 3 and f"读不出：{name}：文件设有密码；请用 --password-file" in none.output
    assert (
        wrong.exit_code == 3 and f"读不出：{name}：给出的密码都打不开该文件；请把正确的密码加入密码文件" in wrong.output
    )
    assert right.exit_code in (0, 1) and name + "：" not in right.output
    for done, read in ((none, 1), (wrong, 1), (right, 2)):
        assert f"已读 {read} 个文件" in done.output
        assert PASSWORD not in done.output and "falsch" not in done.output


def test_a_password_file_may_stand_in_the_configuration(folder, tmp_path):
    root = folder('password_file = "words"\n', "locked97.xls")
    (tmp_path / "words").write_text(f"{PASSWORD}\r\n", "utf-8")
    assert scan(root).exit_code == 0


def test_limits_of_reading_are_those_of_the_configuration(folder):
    root = folder("[reading]\ncells = 20\narchive_depth = 0\n", "calc.ods", "gbk.csv", "windows.zip")
    found = scan(root)
    assert found.exit_code == 3 and "超出读取上限" in found.output and "嵌套层数" in found.output


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[reading]\nseconds = 0\n", "'seconds'"),
        ("[reading]\ncels = 5\n", "did you mean 'cells'?"),
        ('password_file = "nowhere"\n', "password file"),
        ('[[sources.sql]]\nname = "a"\nurl = "sqlite:///x"\n', "needs 'query'"),
        ('[[sources.sql]]\nname = "a"\nurl = "u"\nquery = "q"\nuser = "x"\n', "unknown key 'user'"),
        ('[[sources.sql]]\nname = "a"\nurl = "u"\nquery = "q"\n' * 2, "two databases are named 'a'"),
        ('sql = ["x"]\n', "[[sources.sql]]"),
    ],
)
def test_faults_are_named(folder, settings, said):
    with pytest.raises(UsageError) as caught:
        load_project(folder(settings))
    assert (said in str(caught.value) and "cleanse.toml" in str(caught.value)) or "nowhere" in str(caught.value)
