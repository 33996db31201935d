"""Adds up what the test programs reported.

tally.py add FOLDER NAME EXIT_CODE     reads FOLDER/NAME.xml (JUnit), prints what failed
tally.py passed FOLDER NAME            counts one passed test
tally.py broken FOLDER NAME WHY        counts one failed test
tally.py print FOLDER                  prints the sum; exits 1 unless something passed and nothing failed
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


def count_cases(root):
    """The count of a JUnit tree and what is still to be said of its failures: pytest has said all."""
    count, failures = Count(), []
    said = any(suite.get("name") == "pytest" for suite in root.iter("testsuite"))
    for case in root.iter("testcase"):
        wrong = children(case, "failure", "error")
        if wrong:
            count.failed += 1
            if said:
                continue
            name = f"{case.get('classname', '')}: {case.get('name', '')}"
            failures += [f"FAILED {name}\n{child.get('message') or ''}\n{child.text or ''}" for child in wrong]
        elif children(case, "skipped"):
            count.skipped += 1
        else:
            count.passed += 1
    return count, failures


def count_report(report, name, exit_code):
    """As count_cases; whatever keeps a report from being believed counts as one failure more."""
    try:
        count, failures = count_cases(ElementTree.parse(report).getroot())
    except (OSError, ElementTree.ParseError) as error:
        return Count(failed=1), [f"FAILED {name}: exited {exit_code} without a readable report: {error}"]
    if count.passed + count.failed + count.skipped == 0:
        return Count(failed=1), [f"FAILED {name}: ran no test"]
    if exit_code != 0 and count.failed == 0:
        count.failed += 1
        failures.append(f"FAILED {name}: exited {exit_code} though no test failed")
    return count, failures


def record(folder, name, count):
    with open(Path(folder) / "tally", "a", encoding="utf-8") as tally:
        tally.write(f"{count.passed} {count.failed} {count.skipped} {name}\n")
    print(f"{name}: {count}")


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
        print("\n".join(failures), end="\n" if failures else "")
        record(folder, name, count)
    elif command == "passed":
        record(folder, rest[0], Count(passed=1))
    elif command == "broken":
        print(rest[1])
        record(folder, rest[0], Count(failed=1))
    else:
        count = total(folder)
        print(count)
        return 1 if count.failed or not count.passed else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
