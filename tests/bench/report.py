#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py SAMPLES... -o FOLDER: what the samples of inside.py say.

Each file of samples is one engine: uml.jsonl, icount.jsonl. Writes FOLDER/report.md
and FOLDER/ratios.svg, and prints the report.

What is compared is always from one round: what FlowWall adds to plain forwarding,
as a share of what conntrack adds; or what a packet costs by the fast path, as a share
of another way's. Of these ratios the median, and the interval that holds the median
in 95 of 100 resamplings. Two setups of the same kind must agree, or nothing is said.
Whatever else goes on at a machine makes samples longer, and some of them by far: those
that took a fifth more than the quicker ones of the same setup, in the same boot, are
left out, and it is said how many.
"""
import argparse
import collections
import json
import os
import random
import statistics
import sys

# cell, another one, what FlowWall's cost in the first is of that in the second, at most
ACROSS = (
    ("established 1000, 100000 rules", "established 1000, 10 rules", 1.02),
    ("new, 100000 rules", "new, 10 rules", 3),
)

DISTURBED = 1.2

UNITS = {"uml": "ns", "icount": "instructions"}
AGREE = {"uml": 0.05, "icount": 0.01}

# name, setups it needs, ratio of their costs in one round, gate, aim, where it applies
RATIOS = (
    ("hook path / conntrack, what it adds", ("plain", "conntrack", "flowwall"),
     lambda c: (c["flowwall"] - c["plain"]) / (c["conntrack"] - c["plain"]),
     {"new": (0.50, 0.25), "syn": (0.50, 0.25), "established 1000": (0.40, 0.20),
      "established 100000": (0.35, 0.15), "established 1000000": (0.35, 0.15),
      "tcp 1000": (0.40, 0.20), "tcp 100000": (0.35, 0.15), "tcp 1000000": (0.35, 0.15)}),
    ("fast path / plain forwarding", ("plain", "fastpath"),
     lambda c: c["fastpath"] / c["plain"], {"established": (0.70, 0.50), "tcp": (0.70, 0.50)}),
    ("packets by the fast path / by nftables' flowtable", ("flowtable", "fastpath"),
     lambda c: c["flowtable"] / c["fastpath"],
     {"established 1000": (-1.10, -1.30), "established 60000": (-1.10, -1.30)}),
    ("hook path / plain forwarding", ("plain", "flowwall"),
     lambda c: c["flowwall"] / c["plain"], {}),
    ("hook path / conntrack", ("conntrack", "flowwall"),
     lambda c: c["flowwall"] / c["conntrack"], {}),
)


def read(path):
    """{cell: {(boot, round): {setup: ns}}}, {(cell, what): {setup: [value]}}, the kernel."""
    cells, others, kernel = collections.OrderedDict(), collections.OrderedDict(), "?"
    with open(path) as lines:
        for line in lines:
            if not line.startswith("{"):
                continue
            sample = json.loads(line)
            if "cell" not in sample:
                kernel = sample.get("kernel", kernel)
                continue
            if "ns" not in sample:
                for what in sorted(sample.keys() - {"cell", "setup", "boot", "round"}):
                    others.setdefault((sample["cell"], what), {}).setdefault(
                        sample["setup"], []).append(sample[what])
                continue
            if sample["lost"]:
                sys.exit("%s: of %s, %s lost %d packets: no result" % (
                    path, sample["cell"], sample["setup"], sample["lost"]))
            cells.setdefault(sample["cell"], {}).setdefault(
                (sample["boot"], sample["round"]), {})[sample["setup"]] = sample["ns"]
    return cells, others, kernel


def undisturbed(rounds):
    """The rounds without the samples that were disturbed, and how many these are."""
    kept, left_out = {}, 0
    for (boot, number), costs in rounds.items():
        for setup, cost in costs.items():
            all_of = sorted(other[setup] for (of, _), other in rounds.items()
                            if of == boot and setup in other)
            if cost > DISTURBED * all_of[len(all_of) // 4]:
                left_out += 1
            else:
                kept.setdefault((boot, number), {})[setup] = cost
    return kept, left_out


def interval(values):
    """Median, and a 95 % interval of it."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values)))
                     for _ in range(2000))
    return statistics.median(values), medians[50], medians[1949]


def gate_of(gates, cell):
    return gates.get(cell) or gates.get(cell.replace(",", "").split()[0])


def judge(gates, cell, low, high):
    """Is the whole interval on the right side? Negative bounds are lower ones."""
    bounds = gate_of(gates, cell)
    if not bounds:
        return ""
    gate, aim = bounds
    def reached(bound):
        return low >= -bound if bound < 0 else high <= bound
    return "%s %.2f [%.2f]: %s" % (
        "at least" if gate < 0 else "at most", abs(gate), abs(aim),
        "aim reached" if reached(aim) else "reached" if reached(gate) else "**missed**")


def report_others(others):
    """What is no cost of a packet: medians, for each setup."""
    setups = sorted({setup for values in others.values() for setup in values})
    out = ["| cell | what | " + " | ".join(setups) + " |", "|---" * (len(setups) + 2) + "|"]
    for (cell, what), values in others.items():
        out.append("| %s | %s | %s |" % (cell, what.replace("_", " "), " | ".join(
            "%.4g" % statistics.median(values[setup]) if setup in values else ""
            for setup in setups)))
    return out + [""]


def report(name, cells, others, kernel, bars):
    out = ["## %s (Linux %s): %s a packet" % (name, kernel, UNITS.get(name, "ns")), ""]
    samples = sum(len(costs) for rounds in cells.values() for costs in rounds.values())
    clean = {cell: undisturbed(rounds) for cell, rounds in cells.items()}
    cells = collections.OrderedDict((cell, clean[cell][0]) for cell in cells)
    out += ["%d of %d samples were disturbed, and are left out." % (
        sum(left_out for _, left_out in clean.values()), samples), ""]
    setups = list(collections.OrderedDict.fromkeys(
        setup for rounds in cells.values() for costs in rounds.values() for setup in sorted(costs)))
    out += ["| cell | " + " | ".join(setups) + " |", "|---" * (len(setups) + 1) + "|"]
    for cell, rounds in cells.items():
        row = []
        for setup in setups:
            values = [costs[setup] for costs in rounds.values() if setup in costs]
            row.append("%.0f" % statistics.median(values) if values else "")
        out.append("| %s | %s |" % (cell, " | ".join(row)))
    out += ["", "| cell | ratio | median | 95 % | asked for |", "|---|---|---|---|---|"]
    void = set()
    for cell, rounds in cells.items():
        same = [costs["conntrack-again"] / costs["conntrack"] for costs in rounds.values()
                if "conntrack-again" in costs and "conntrack" in costs]
        if same and abs(statistics.median(same) - 1) > AGREE.get(name, 0.05):
            void.add(cell)
            out.append("| %s | two of the same kind | %.3f | | void: they do not agree |" % (
                cell, statistics.median(same)))
            continue
        for title, needs, ratio, gates in RATIOS:
            values = [ratio(costs) for costs in rounds.values() if all(s in costs for s in needs)]
            if not values:
                continue
            median, low, high = interval(values)
            out.append("| %s | %s | %.2f | %.2f to %.2f | %s |" % (
                cell, title, median, low, high, judge(gates, cell, low, high)))
            bars.append(("%s, %s: %s" % (name, cell, title), median, low, high,
                         gate_of(gates, cell)))
    for cell, other, most in ACROSS:
        if void & {cell, other}:
            continue
        values = [costs["flowwall"] / cells[other][key]["flowwall"]
                  for key, costs in cells.get(cell, {}).items()
                  if "flowwall" in costs and "flowwall" in cells.get(other, {}).get(key, {})]
        if values:
            median, low, high = interval(values)
            out.append("| %s | hook path / with 10 | %.2f | %.2f to %.2f | %s |" % (
                cell, median, low, high, judge({cell: (most, 1)}, cell, low, high)))
    return out + [""] + (report_others(others) if others else [])


def svg(bars):
    """One bar a ratio, with its interval, and a mark where the gate is."""
    width, line, left = 1000, 22, 560
    scale = (width - left - 60) / max([1.0] + [bar[3] for bar in bars])
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="12">' % (width, line * len(bars) + 30),
           '<rect width="100%" height="100%" fill="white"/>']
    for n, (title, median, low, high, gate) in enumerate(bars):
        y = 10 + n * line
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (
            left - 8, y + 13, title.replace("&", "&amp;").replace("<", "&lt;")))
        out.append('<rect x="%d" y="%d" width="%.1f" height="14" fill="#5b8db8"/>' % (
            left, y + 2, max(median, 0) * scale))
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="black"/>' % (
            left + max(low, 0) * scale, left + max(high, 0) * scale, y + 9, y + 9))
        out.append('<text x="%.1f" y="%d">%.2f</text>' % (left + max(high, 0) * scale + 6, y + 13, median))
        if gate:
            x = left + abs(gate[0]) * scale
            out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#c0392b" '
                       'stroke-width="2"/>' % (x, x, y, y + 18))
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("samples", nargs="+")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    lines, bars = [], []
    for path in options.samples:
        name = os.path.splitext(os.path.basename(path))[0]
        lines += report(name, *read(path), bars)
    with open(os.path.join(options.output, "report.md"), "w") as out:
        out.write("\n".join(lines))
    with open(os.path.join(options.output, "ratios.svg"), "w") as out:
        out.write(svg(bars))
    print("\n".join(lines))


main()
