"""What the benchmark counts, and what it says of that."""

import json
import subprocess
import xml.dom.minidom
from pathlib import Path

import pytest

import chart
import report
from bench import median_of

LOAD = Path(__file__).parent / "load.c"


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    program = tmp_path_factory.mktemp("load") / "load"
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, LOAD], check=True)
    return program


def line(number, before=b"w1 | "):
    return before + b"%012d %s\n" % (number, b"." * 86)


@pytest.mark.parametrize("text, lines, torn", [
    pytest.param(line(0) + line(1) + line(2), 3, 0, id="whole lines"),
    pytest.param(line(0) + b"bootsman | w1: started (pid 7)\n" + line(1) + line(2), 3, 0, id="what the forwarder says of itself"),
    pytest.param(line(0) + line(1)[:-40] + line(2) + b"." * 39 + b"\n", 1, 2, id="a line within another"),
    pytest.param(line(0)[:-1] + line(1) + line(2), 1, 1, id="two lines that ran into one, each with its prefix"),
    pytest.param(line(0, b"")[:-1] + line(1, b"") + line(2, b""), 1, 1, id="two bare lines that ran into one"),
    pytest.param(line(0) + line(0) + line(2), 3, 0, id="a line that came twice is found by the sum"),
])
def test_the_reader_counts(load, text, lines, torn):
    said = json.loads(subprocess.run([load, "read", "3"], input=text, capture_output=True, check=True).stdout)
    assert (said["lines"], said["torn"]) == (lines, torn)
    assert (said["sum"] == 3) == (text == line(0) + line(1) + line(2) or b"started" in text)


def test_a_torn_line_counts_in_whichever_round_it_was():
    assert median_of([{"torn": 0, "ms": 1}, {"torn": 5, "ms": 9}, {"torn": 0, "ms": None}]) == {"torn": 5, "ms": 5}
    assert median_of([{"stop_ms": None}]) == {"stop_ms": None}


OUTCOME = {
    "machine": {"processor": "A & B", "cores": 2, "kernel": "6.1", "load_before": 0.1, "date": "2026-01-01", "versions": {"s6": "2.11"}},
    "quick": False, "problems": ["idle: tini: it ended"], "sizes": {"bootsman": 4 << 20, "s6": 1 << 20},
    "results": {
        "units.3": {"floor": {"boot_ms": 2, "stop_ms": 1}, "bootsman": {"boot_ms": 3, "stop_ms": 1}, "s6": {"boot_ms": 60, "stop_ms": None}},
        "units.100": {"floor": {"boot_ms": 20, "stop_ms": 2}, "bootsman": {"boot_ms": 31, "stop_ms": None}},
        "log.big.1": {"floor": {"mb_per_s": 100, "torn": 0, "cpu_s_per_gb": 0.5}, "bootsman": {"mb_per_s": 60, "torn": 0, "cpu_s_per_gb": 1},
                      "supervisord": {"mb_per_s": 70, "torn": 0, "cpu_s_per_gb": 2}},
        "idle": {"bootsman": {"wake_ups_per_s": 0}, "s6": {"wake_ups_per_s": 0}}}}


def test_the_table_says_which_bars_hold():
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:-1]]
            for text in report.markdown(OUTCOME).splitlines() if len(cells := text.split("|")) > 8}
    assert rows["Boot of 3 units"] == ["ms", "at most 1.5 × floor", "yes", "1.50", "0.05 s6", "3.00", "2.00", "", "60.0"]
    assert rows["Boot of 100 units"][2] == "**no**"
    assert rows["Stop of 100 units"][2] == "**no**" and rows["Stop of 100 units"][5] == "not within 30 s"
    assert rows["Log, 1 writer, big writes"][1:5] == ["at least 0.5 × cat; at least supervisord", "**no**", "0.60", "0.86 supervisord"]
    assert rows["Wake-ups when idle"][1:3] == ["0", "yes"]
    assert rows["Executables"][1:3] == ["at most 4 MiB", "yes"]
    assert "Of 6 bars 3 hold." in report.markdown(OUTCOME) and "idle: tini: it ended" in report.markdown(OUTCOME)


def test_the_chart_is_well_formed_and_has_all_that_is_in_the_table():
    picture = xml.dom.minidom.parseString(chart.chart(OUTCOME))
    texts = ["".join(node.data for node in text.childNodes if node.nodeType == node.TEXT_NODE) for text in picture.getElementsByTagName("text")]
    for row, values in report.rows_of(OUTCOME):
        assert row.title in texts
        assert all(report.say(value) in texts for value in values.values())
    width = float(picture.documentElement.getAttribute("width"))
    for bar in picture.getElementsByTagName("rect"):
        if bar.hasAttribute("x"):
            assert 0 < float(bar.getAttribute("x")) + float(bar.getAttribute("width")) <= width
