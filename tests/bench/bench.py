#!/usr/bin/env python3
"""Measures Bootsman beside its peers, all in one run and in turns, and writes results.json.

Usage: bench.py --load FILE --binary FILE --out FOLDER [--quick] [--only WORD]…"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import chart
import measures
import report
from peers import all_peers


@dataclass
class Settings:
    rounds: int = 5
    counts: tuple = (3, 100, 1000)
    megabytes: tuple = (1000, 200)  # Big writes; one write for each line.
    orphans: int = 5000
    restarts: int = 10
    restarts_again: int = 10
    probes: int = 1000
    idle: float = 10
    settle: float = 1
    rest: float = 22
    stop_timeout: float = 30


QUICK = Settings(rounds=1, counts=(3, 20), megabytes=(40, 10), orphans=300, restarts=3, restarts_again=3, probes=50, idle=1, settle=0.3,
                 rest=0, stop_timeout=15)


def cases(load, settings):
    """(name, how often, what to do with a peer)."""
    for count in settings.counts:
        rounds = settings.rounds if count <= 100 else max(settings.rounds // 3, 1)
        yield f"units.{count}", rounds, lambda peer, n=count: measures.boot_and_stop(peer, load, n, settings)
        yield f"memory.{count}", 1, lambda peer, n=count: measures.memory(peer, load, n, settings)
    for mode, megabytes in zip(("big", "lines"), settings.megabytes):
        # Of ten writers less, since one of the peers takes a minute for a gigabyte of theirs.
        for writers, size in ((1, megabytes), (10, megabytes // 4)):
            yield (f"log.{mode}.{writers}", settings.rounds,
                   lambda peer, m=mode, w=writers, mb=size: measures.forwarding(peer, load, m, w, mb))
    yield "orphans", settings.rounds, lambda peer: measures.orphans(peer, load, settings.orphans, settings)
    yield "restart", 1, lambda peer: measures.restart(peer, load, settings)
    yield "idle", 1, lambda peer: measures.idle(peer, load, settings)
    yield "health", 1, lambda peer: measures.health(peer, load, settings.probes)


def median_of(runs):
    """One number for each that was measured; a torn line or an orphan left counts in whichever run it was."""
    result = {}
    for key in runs[0]:
        values = [run[key] for run in runs if run[key] is not None]
        worst = key in ("torn", "orphans_left")
        result[key] = None if not values else max(values) if worst else statistics.median(values)
    return result


def measure(peers, settings, only, load):
    results, all_runs, problems = {}, {}, []
    for name, rounds, run in cases(load, settings):
        if only and not any(name.startswith(word) for word in only):
            continue
        found = {peer.name: [] for peer in peers}
        for _ in range(rounds):
            # In turns, so that whatever else the machine does meets them all.
            for peer in peers:
                try:
                    numbers = run(peer)
                except (measures.Wrong, RuntimeError, ValueError, OSError) as error:
                    problems.append(f"{name}: {peer.name}: {error}")
                    continue
                if numbers is not None:
                    found[peer.name].append(numbers)
        results[name] = {who: median_of(runs) for who, runs in found.items() if runs}
        all_runs[name] = found
        print(f"{name}: {json.dumps(results[name])}", file=sys.stderr, flush=True)
    return results, all_runs, problems


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {"processor": model, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d", time.gmtime()), "versions": versions()}


def versions():
    """Of the peers' packages, where dpkg knows them."""
    packages = (Path(__file__).parent / "packages.txt").read_text().split()
    try:
        listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages], capture_output=True, text=True,
                                check=False).stdout
    except OSError:
        return {}
    return dict(line.split() for line in listed.splitlines() if len(line.split()) == 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    settings = QUICK if asked.quick else Settings()
    peers = all_peers(asked.load.resolve(), asked.binary.resolve())
    about = machine()
    results, runs, problems = measure(peers, settings, asked.only, asked.load.resolve())
    outcome = {"machine": about, "quick": asked.quick, "results": results, "runs": runs, "problems": problems,
               "sizes": {peer.name: peer.size() for peer in peers if peer.name not in report.FLOORS}}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "results.json").write_text(json.dumps(outcome, indent=2) + "\n")
    (asked.out / "benchmarks.md").write_text(report.markdown(outcome))
    (asked.out / "benchmarks.svg").write_text(chart.chart(outcome))
    for problem in problems:
        print("problem: " + problem, file=sys.stderr)
    return 1 if any(": bootsman:" in problem for problem in problems) else 0


if __name__ == "__main__":
    sys.exit(main())
