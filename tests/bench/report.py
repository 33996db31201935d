"""Tables and a chart from results.json."""

from xml.sax.saxutils import escape

NAMES = ("floor", "bootsman", "supervisord", "s6", "runit", "tini", "dumb-init", "catatonit")
COLOURS = {"floor": "#9aa0a6", "bootsman": "#1a73e8"}

# (title, case, number, unit, whether more is better, the bar as a multiple of the floor's or an absolute text)
ROWS = [
    ("Boot of 3 units", "units.3", "boot_ms", "ms", False, "at most 1.5 × floor"),
    ("Boot of 100 units", "units.100", "boot_ms", "ms", False, "at most 1.5 × floor"),
    ("Boot of 1000 units", "units.1000", "boot_ms", "ms", False, "at most 1.5 × floor"),
    ("Memory (PSS), 3 units", "memory.3", "pss_mib", "MiB", False, "at most 3 MiB"),
    ("Memory (PSS), 100 units", "memory.100", "pss_mib", "MiB", False, "at most 5 MiB"),
    ("Memory (PSS), 1000 units", "memory.1000", "pss_mib", "MiB", False, "at most 20 MiB"),
    ("Log, 1 writer, big writes", "log.big.1", "mb_per_s", "MB/s", True, "at least 0.5 × cat"),
    ("Log, 10 writers, big writes", "log.big.10", "mb_per_s", "MB/s", True, ""),
    ("Log, 1 writer, a write per line", "log.lines.1", "mb_per_s", "MB/s", True, "at least cat"),
    ("Log, 10 writers, a write per line", "log.lines.10", "mb_per_s", "MB/s", True, ""),
    ("Torn lines, 10 writers", "log.big.10", "torn", "lines", False, "0"),
    ("Processor time, 1 writer, big writes", "log.big.1", "cpu_s_per_gb", "s/GB", False, ""),
    ("Processor time, 1 writer, a write per line", "log.lines.1", "cpu_s_per_gb", "s/GB", False, ""),
    ("Restart after SIGKILL, no delay", "restart", "restart_ms", "ms", False, "at most 1.5 × floor"),
    ("The same unit killed again and again", "restart", "restart_again_ms", "ms", False, "at most 1.5 × floor"),
    ("Orphans reaped", "orphans", "orphans_per_s", "per s", True, "at least 0.9 × floor"),
    ("Orphans left after 10 s", "orphans", "orphans_left", "", False, "0"),
    ("Stop of 100 units", "units.100", "stop_ms", "ms", False, "at most 1.5 × floor"),
    ("Wake-ups when idle", "idle", "wake_ups_per_s", "per s", False, "0"),
    ("/health during a flood, p99", "health", "health_p99_ms", "ms", False, "below 2 ms"),
]


def say(value):
    if value is None:
        return "not within 30 s"
    if value == 0:
        return "0"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rows_of(outcome):
    for title, case, number, unit, more, bar in ROWS:
        found = outcome["results"].get(case)
        if found:
            yield title, {who: numbers[number] for who, numbers in found.items() if number in numbers}, unit, more, bar


def markdown(outcome):
    about = outcome["machine"]
    names = [name for name in NAMES if any(name in found for found in outcome["results"].values())]
    lines = [
        "# Benchmarks", "",
        "Made by `tests/bench/run.sh`" + (" --quick (too short for more than a look)" if outcome["quick"] else "") + ".",
        f"{about['date']}, {about['processor']}, {about['cores']} cores, Linux {about['kernel']}; load before the run: "
        f"{about['load_before']:.1f}.", "",
        "All run in one go and in turns; each number is the median of its rounds. *floor* is the least that could do it: a",
        "static C program that only forks, execs and waits (`tests/bench/load.c`), and `cat` for logs. Only Bootsman and s6",
        "put the unit's name in front of each line; s6-log does, one process for each unit. Every count is checked: a run in",
        "which a unit did not start or a whole line did not arrive does not count.", "",
        "![The same as a chart](benchmarks.svg)", "",
        "| | unit | bar | " + " | ".join(names) + " |", "|---|---|---|" + "---:|" * len(names)]
    for title, values, unit, _, bar in rows_of(outcome):
        unknown = "" if "GB" in unit else say(None)
        cells = [(unknown if values[name] is None else say(values[name])) if name in values else "" for name in names]
        lines.append(f"| {title} | {unit} | {bar} | " + " | ".join(cells) + " |")
    sizes = [f"{outcome['sizes'][name] / (1 << 20):.2f}" if name in outcome["sizes"] else "" for name in names]
    lines.append("| Executables | MiB | at most 4 MiB | " + " | ".join(sizes) + " |")
    if outcome["problems"]:
        lines += ["", "Runs that did not count:", ""] + [f"- {problem}" for problem in sorted(set(outcome["problems"]))]
    return "\n".join(lines) + "\n"


def chart(outcome):
    """A small bar chart for each row, the floor's value as a line through it."""
    bar, gap, left, width = 14, 30, 110, 420
    parts, y = [], 20
    for title, values, unit, more, _ in rows_of(outcome):
        known = {name: value for name, value in values.items() if value is not None}
        if not known or not max(known.values()):
            continue
        top = max(known.values())
        better = "more is better" if more else "less is better"
        parts.append(f'<text x="10" y="{y}" class="t">{escape(title)} ({escape(unit)}, {better})</text>')
        y += 8
        for name in filter(known.get, (n for n in NAMES if n in known)):
            length = max(known[name] / top * width, 1)
            parts.append(f'<text x="{left - 6}" y="{y + bar - 3}" text-anchor="end">{name}</text>'
                         f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{COLOURS.get(name, "#c58af9")}"/>'
                         f'<text x="{left + length + 4:.1f}" y="{y + bar - 3}">{say(known[name])}</text>')
            y += bar
        y += gap
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{y}" font-family="sans-serif" font-size="11">'
            '<style>.t{font-weight:bold;font-size:12px}</style><rect width="100%" height="100%" fill="white"/>'
            + "".join(parts) + "</svg>\n")
