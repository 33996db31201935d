"""What the closing line of tests/run.sh counts."""

import pytest

import tally

PASSED = '<testsuites><testsuite name="doctest"><testcase name="a"/></testsuite></testsuites>'
FAILED = '<testsuite><testcase name="a"/><testcase name="b"><failure message="m"/><failure/></testcase></testsuite>'
SKIPPED = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
ERROR = '<testsuite name="pytest"><testcase name="a"><error message="fixture"/></testcase></testsuite>'


@pytest.mark.parametrize("report,exit_code,expected", [
    (PASSED, 0, "1 passed, 0 failed, 0 skipped"),
    (FAILED, 1, "1 passed, 1 failed, 0 skipped"),
    (SKIPPED, 0, "1 passed, 0 failed, 1 skipped"),
    (ERROR, 1, "0 passed, 1 failed, 0 skipped"),
    (PASSED, 139, "1 passed, 1 failed, 0 skipped"),
    ("<testsuite><testcase na", 134, "0 passed, 1 failed, 0 skipped"),
    ("<testsuite/>", 0, "0 passed, 1 failed, 0 skipped"),
    (None, 124, "0 passed, 1 failed, 0 skipped"),
], ids=["all passed", "a case with two failures is one failed test", "a skipped test", "a test whose fixture broke",
        "passed, then crashed", "crashed while writing", "ran no test", "wrote no report"])
def test_report(tmp_path, report, exit_code, expected):
    path = tmp_path / "r.xml"
    if report is not None:
        path.write_text(report)
    assert str(tally.count_report(path, "r", exit_code)[0]) == expected


def test_doctests_that_skipped_themselves_are_counted_as_skipped(tmp_path, capsys):
    (tmp_path / "unit.xml").write_text('<testsuite name="doctest"><testcase name="a"/><testcase name="b"/>'
                                       '<testcase name="c/of a part"/><testcase name="d"><failure/></testcase></testsuite>')
    (tmp_path / "unit.skipped").write_text("b: needs root\nc: may not mount\n")
    tally.main("add", tmp_path, "unit", "1")
    said = capsys.readouterr().out
    assert "unit: 1 passed, 1 failed, 2 skipped" in said and "SKIPPED b: needs root\n" in said


def test_the_end_names_every_failed_test_of_all_parts(tmp_path, capsys):
    (tmp_path / "unit.xml").write_text(FAILED)
    (tmp_path / "e2e.xml").write_text(ERROR.replace('name="a"', 'classname="tests.e2e.test_x" name="test_y[1]"'))
    (tmp_path / "good.xml").write_text(PASSED)
    for name, code in ("unit", 1), ("e2e", 1), ("good", 0), ("crashed", 139):
        tally.main("add", tmp_path, name, str(code))
    tally.main("broken", tmp_path, "mounts", "cannot run the tests of mounts")
    capsys.readouterr()
    assert tally.main("print", tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAILED unit: b", "FAILED e2e: tests.e2e.test_x: test_y[1]", "FAILED crashed: exited 139 without a readable report",
        "FAILED mounts: cannot run the tests of mounts", "2 passed, 4 failed, 0 skipped"]


@pytest.mark.parametrize("counts,exit_code", [
    ([tally.Count(2, 0, 1), tally.Count(1, 0, 0)], 0),
    ([tally.Count(2, 0, 1), tally.Count(0, 1, 0)], 1),
    ([tally.Count(0, 0, 3)], 1),
    ([], 1),
], ids=["all well", "one failed", "all skipped", "nothing ran"])
def test_sum(tmp_path, capsys, counts, exit_code):
    for count in counts:
        tally.record(tmp_path, "x", count)
    assert tally.main("print", tmp_path) == exit_code
    assert capsys.readouterr().out.splitlines()[-1] == str(tally.total(tmp_path))
