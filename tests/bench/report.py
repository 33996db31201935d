"""The table of results.json, and whether each bar holds. The chart is in chart.py."""

from dataclasses import dataclass

NAMES = ("bootsman", "floor", "pipes", "supervisord", "s6", "runit", "tini", "dumb-init", "catatonit")
OURS = "bootsman"
FLOORS = ("floor", "pipes")


@dataclass(frozen=True)
class Bar:
    """What a number must reach: `factor` times another's, or (`of` is empty) that number itself."""

    factor: float
    of: str = ""
    words: str = ""  # Behind the number, where it is an absolute one.

    def limit(self, values):
        """None: there is nothing to compare with."""
        other = values.get(self.of) if self.of else 1
        return None if other is None else self.factor * other


@dataclass(frozen=True)
class Row:
    """One number that was measured of all."""

    title: str
    case: str
    number: str
    unit: str
    bars: tuple = ()
    more: bool = False  # Whether more is better.

    def bar_text(self):
        side = "at least" if self.more else "at most"
        texts = []
        for bar in self.bars:
            name = "cat" if bar.of == "floor" and self.case.startswith("log") else bar.of
            if not bar.of:
                texts.append(f"{side} {bar.factor:g} {self.unit}".rstrip() if bar.factor else "0")
            else:
                texts.append(f"{side} {name}" if bar.factor == 1 else f"{side} {bar.factor:g} × {name}")
        return "; ".join(texts)

    def holds(self, values):
        """None: no bar, or nothing to compare with. A None of ours is one that was not done in time."""
        limits = [bar.limit(values) for bar in self.bars]
        if OURS not in values or not limits or None in limits:
            return None
        ours = values[OURS]
        return ours is not None and all(ours >= limit if self.more else ours <= limit for limit in limits)


FLOOR = (Bar(1.5, "floor"),)
ROWS = [
    Row("Boot of 3 units", "units.3", "boot_ms", "ms", FLOOR),
    Row("Boot of 100 units", "units.100", "boot_ms", "ms", FLOOR),
    Row("Boot of 1000 units", "units.1000", "boot_ms", "ms", FLOOR),
    Row("Memory (PSS), 3 units", "memory.3", "pss_mib", "MiB", (Bar(3),)),
    Row("Memory (PSS), 100 units", "memory.100", "pss_mib", "MiB", (Bar(5),)),
    Row("Memory (PSS), 1000 units", "memory.1000", "pss_mib", "MiB", (Bar(20),)),
    Row("Memory at once, 3 units", "memory.3", "pss_at_once_mib", "MiB"),
    Row("Memory at once, 100 units", "memory.100", "pss_at_once_mib", "MiB"),
    Row("Memory at once, 1000 units", "memory.1000", "pss_at_once_mib", "MiB"),
    Row("Log, 1 writer, big writes", "log.big.1", "mb_per_s", "MB/s", (Bar(0.5, "floor"), Bar(1, "supervisord")), True),
    Row("Log, 10 writers, big writes", "log.big.10", "mb_per_s", "MB/s", (), True),
    Row("Log, 1 writer, a write per line", "log.lines.1", "mb_per_s", "MB/s", (Bar(1, "floor"),), True),
    Row("Log, 10 writers, a write per line", "log.lines.10", "mb_per_s", "MB/s", (), True),
    Row("Torn lines, 10 writers, big writes", "log.big.10", "torn", "lines", (Bar(0),)),
    Row("Torn lines, 10 writers, a write per line", "log.lines.10", "torn", "lines", (Bar(0),)),
    Row("Processor time, 1 writer, big writes", "log.big.1", "cpu_s_per_gb", "s/GB"),
    Row("Processor time, 10 writers, big writes", "log.big.10", "cpu_s_per_gb", "s/GB"),
    Row("Processor time, 1 writer, a write per line", "log.lines.1", "cpu_s_per_gb", "s/GB"),
    Row("Processor time, 10 writers, a write per line", "log.lines.10", "cpu_s_per_gb", "s/GB"),
    Row("Restart after SIGKILL, no delay", "restart", "restart_ms", "ms", FLOOR),
    Row("The same unit killed again as soon as it is up", "restart", "restart_again_ms", "ms", FLOOR),
    Row("Orphans reaped", "orphans", "orphans_per_s", "per s", (Bar(0.91, "floor"),), True),
    Row("Orphans left after 10 s", "orphans", "orphans_left", "", (Bar(0),)),
    Row("Stop of 3 units", "units.3", "stop_ms", "ms"),
    Row("Stop of 100 units", "units.100", "stop_ms", "ms", FLOOR),
    Row("Stop of 1000 units", "units.1000", "stop_ms", "ms"),
    Row("Wake-ups when idle", "idle", "wake_ups_per_s", "per s", (Bar(0),)),
    Row("/health during a flood, p99", "health", "health_p99_ms", "ms", (Bar(2),)),
    Row("Executables", "size", "mib", "MiB", (Bar(4),)),
]


def say(value):
    if value is None:
        return "not within 30 s"
    if value == 0:
        return "0"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rows_of(outcome):
    """(row, {name: number}) of all that was measured."""
    sizes = {name: {"mib": size / (1 << 20)} for name, size in outcome["sizes"].items()}
    for row in ROWS:
        found = outcome["results"].get(row.case) if row.case != "size" else sizes
        values = {name: numbers[row.number] for name, numbers in (found or {}).items() if row.number in numbers}
        if values:
            yield row, values


def ratio(ours, other):
    return f"{ours / other:.2f}" if ours is not None and other else ""


def best_peer(row, values):
    """The best of the others that do the whole work, or nothing."""
    peers = {name: value for name, value in values.items() if name not in (OURS, *FLOORS) and value is not None}
    return (max if row.more else min)(peers, key=peers.get) if peers else None


def machine_text(about):
    memory = f", {about['memory_gib']:.0f} GiB" if "memory_gib" in about else ""
    return (f"{about['date']}, {about['processor']}, {about['cores']} cores{memory}, Linux {about['kernel']}; load before the run: "
            f"{about['load_before']:.1f}.")


HEAD = """All run in one go and in turns; each number is the median of its rounds, and of torn lines and orphans the worst. *floor* is
the least that could do it: a static C program that only forks, execs and waits (`tests/bench/load.c`), and `cat` for logs;
*pipes* is the same for who reads what the units write: each has a pipe for stdout, for stderr, and for the news of its exec.
A boot is timed from the exec of the init until the last unit runs, a stop, a second later, from SIGTERM until PID 1 is gone. Memory is that
of the supervision when each unit has written 64 KiB: a second after that, and 22 s later. Only Bootsman
and s6 put the unit's name in front of each line; s6 with one s6-log process for each unit, which counts for its boot, stop
and memory. Every count is checked: a run in which a unit did not start or a whole line did not arrive does not count.
Bootsman's executable holds its libraries, the others' sizes are without the C library; supervisord's is with the Python
that runs it."""


def markdown(outcome):
    names = [name for name in NAMES if any(name in values for _, values in rows_of(outcome))]
    found = list(rows_of(outcome))
    verdicts = [row.holds(values) for row, values in found]
    lines = [
        "# Benchmarks", "",
        "Made by `tests/bench/run.sh`" + (" --quick (too short for more than a look)" if outcome["quick"] else "") + ".",
        machine_text(outcome["machine"]), "", HEAD, "",
        f"Of {len([v for v in verdicts if v is not None])} bars {verdicts.count(True)} hold.", "",
        "![The same as a chart](benchmarks.svg)", "",
        "| | unit | bar | holds | ÷ floor | ÷ best peer | " + " | ".join(names) + " |",
        "|---|---|---|---|---:|---:|" + "---:|" * len(names)]
    for (row, values), verdict in zip(found, verdicts):
        cells = [say(values[name]) if name in values else "" for name in names]
        best = best_peer(row, values)
        against = ratio(values.get(OURS), values.get(best)) if best else ""
        lines.append(f"| {row.title} | {row.unit} | {row.bar_text()} | {'' if verdict is None else 'yes' if verdict else '**no**'} | "
                     f"{ratio(values.get(OURS), values.get('floor'))} | {against + ' ' + best if against else ''} | " + " | ".join(cells) + " |")
    if outcome["machine"].get("versions"):
        lines += ["", "Peers: " + ", ".join(f"{name} {version}" for name, version in outcome["machine"]["versions"].items()) + "."]
    if outcome["problems"]:
        lines += ["", "Runs that did not count:", ""] + [f"- {problem}" for problem in sorted(set(outcome["problems"]))]
    return "\n".join(lines) + "\n"
