"""Adds up what the test programs reported.

tally.py add FOLDER NAME EXIT_CODE     reads FOLDER/NAME.xml (JUnit), prints what failed
tally.py passed FOLDER NAME            counts one passed test
tally.py broken FOLDER NAME WHY        counts one failed test
tally.py print FOLDER                  prints each failed test's name, and the sum; exits 1 unless something passed and
                                       nothing failed

Beside FOLDER/NAME.xml there may be FOLDER/NAME.skipped: the tests that doctest has reported as passed although they could
not be made here (tests/lib/skip.h), one a line.
"""

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def children(case, *tags):
    return [child for child in case if child.tag in tags]


@dataclass
class Failure:
    name: str
    text: str  # What is still to be said of it: pytest has said all.

    def __str__(self):
        return f"FAILED {self.name}\n{self.text}" if self.text else ""


def count_cases(root):
    """The count of a JUnit tree, and its failures."""
    count, failures = Count(), []
    said = any(suite.get("name") == "pytest" for suite in root.iter("testsuite"))
    for case in root.iter("testcase"):
        wrong = children(case, "failure", "error")
        if wrong:
            count.failed += 1
            texts = "\n".join(f"{child.get('message') or ''}\n{child.text or ''}" for child in wrong)
            name = ": ".join(filter(None, [case.get("classname"), case.get("name")]))
            failures.append(Failure(" ".join(name.split()), "" if said else texts))
        elif children(case, "skipped"):
            count.skipped += 1
        else:
            count.passed += 1
    return count, failures


def move_skipped(report, count):
    """Tests that have skipped themselves, which the report counts as passed."""
    names = report.with_suffix(".skipped")
    lines = names.read_text(encoding="utf-8").splitlines() if names.exists() else []
    for line in lines:
        print(f"SKIPPED {line}")
    moved = min(len(lines), count.passed)
    count.passed -= moved
    count.skipped += moved


def count_report(report, name, exit_code):
    """As count_cases; whatever keeps a report from being believed counts as one failure more."""
    try:
        count, failures = count_cases(ElementTree.parse(report).getroot())
    except (OSError, ElementTree.ParseError) as error:
        return Count(failed=1), [Failure(f"exited {exit_code} without a readable report", str(error))]
    if count.passed + count.failed + count.skipped == 0:
        return Count(failed=1), [Failure("ran no test", name)]
    if exit_code != 0 and count.failed == 0:
        count.failed += 1
        failures.append(Failure(f"exited {exit_code} though no test failed", name))
    move_skipped(Path(report), count)
    return count, failures


def record(folder, name, count, failures=()):
    with open(Path(folder) / "tally", "a", encoding="utf-8") as tally:
        tally.write(f"{count.passed} {count.failed} {count.skipped} {name}\n")
    with open(Path(folder) / "failed", "a", encoding="utf-8") as failed:
        failed.writelines(f"FAILED {name}: {failure.name}\n" for failure in failures)
    print(f"{name}: {count}")


def failed_tests(folder):
    failed = Path(folder) / "failed"
    return failed.read_text(encoding="utf-8") if failed.exists() else ""


def total(folder):
    result = Count()
    tally = Path(folder) / "tally"
    for line in tally.read_text(encoding="utf-8").splitlines() if tally.exists() else []:
        passed, failed, skipped, _ = line.split(" ", 3)
        result.passed += int(passed)
        result.failed += int(failed)
        result.skipped += int(skipped)
    return result


def main(command, folder, *rest):
    if command == "add":
        name, exit_code = rest
        count, failures = count_report(Path(folder) / f"{name}.xml", name, int(exit_code))
        print("".join(f"{text}\n" for text in map(str, failures) if text), end="")
        record(folder, name, count, failures)
    elif command == "passed":
        record(folder, rest[0], Count(passed=1))
    elif command == "broken":
        print(rest[1])
        record(folder, rest[0], Count(failed=1), [Failure(rest[1], "")])
    else:
        count = total(folder)
        print(failed_tests(folder), end="")
        print(count)
        return 1 if count.failed or not count.passed else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
