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
