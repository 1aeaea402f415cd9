"""What the bench writes: a table for the terminal, TSV and JSON for programs, Markdown for docs/."""
import hashlib
import json
import math
import os
import shutil
import subprocess

import machine
from costly import JUDGED
from rows import NOT_OPERATIONS, ROWS


NAMES = {"native": "native", "ringleader": "Ringleader", "peer": "Xen 4.17"}


def _hash(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def _first_line(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0]


GUESTS = [("bench guest", f"{machine.B}/guests/bench"), ("native guest", f"{machine.B}/guests/bench-native"),
          ("dom0 guest", f"{machine.B}/guests/dom0")]


def provenance(flags="-icount shift=0,sleep=off -m 512, one CPU", guests=None):
    """Versions and hashes of all that has a part in a figure; @guests are (name, path)."""
    files = [("qemu", shutil.which(machine.QEMU)), ("ringleader", machine.hypervisor_image("ringleader")),
             ("peer", machine.hypervisor_image("peer")), *(guests or GUESTS)]
    return {"qemu": _first_line(machine.QEMU, "--version"), "gcc": _first_line("gcc", "--version"),
            "peer": os.path.basename(machine.hypervisor_image("peer")), "flags": flags,
            **{f"sha256 of {name}": _hash(path) for name, path in files if os.path.exists(path)}}


def write_json(path, origin, variants):
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"provenance": origin, "variants": variants}, out, indent=1)
        out.write("\n")


def write_tsv(path, origin, variants):
    """A line a figure, below what it was measured with."""
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(f"# {key}: {value}\n" for key, value in origin.items())
        out.write("\t".join(["variant", "hypervisor", "row", "value", "median", "worst", "cycles", *JUDGED]) + "\n")
        for variant, columns in variants.items():
            for hv, rows in columns.items():
                for row, figure in rows.items():
                    events = figure.get("events")
                    counts = ["" if events is None else f"{events.get(kind, 0):g}" for kind in JUDGED]
                    line = [f"{figure.get(key, math.nan):.2f}" for key in ("value", "median", "worst")]
                    cycles = f"{figure['cycles']:.1f}" if "cycles" in figure else ""
                    out.write("\t".join([variant, hv, row, *line, cycles, *counts]) + "\n")


def number(value, digits=1):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.{digits}f}"


def _cycled(columns):
    """Those of whom cycles were measured."""
    return [hv for hv in columns if any("cycles" in figure for figure in columns[hv].values())]


def _value(columns, hv, row, key="value"):
    return columns.get(hv, {}).get(row, {}).get(key)


def ratios(columns):
    """{row: ours by the peer's} of the operations that both have."""
    found = {}
    for name, *_ in ROWS:
        a, b = (_value(columns, hv, name) for hv in ("ringleader", "peer"))
        if a and b and name not in NOT_OPERATIONS:
            found[name] = a / b
    return found


def mean(values):
    """The geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def print_table(name, columns):
    """The rows that either has in one variant."""
    cycled = _cycled(columns)
    print(f"{name:44} {'native':>9} {'Ringleader':>11} {'Xen 4.17':>11} {'ratio':>7} {'target':>9}"
          + "".join(f"{NAMES[hv] + ', cycles':>20}" for hv in cycled))
    for row, text, target in ROWS:
        native, a, b = (_value(columns, hv, row) for hv in ("native", "ringleader", "peer"))
        if a is None and b is None:
            continue
        mark = "" if not (a and target) else "  met" if a <= target else ""
        ratio = f"{a / b:.2f}" if a and b else ""
        print(f"{text:44} {number(native):>9} {number(a):>11} {number(b):>11} {ratio:>7} {target or '':>9}"
              + "".join(f"{number(_value(columns, hv, row, 'cycles')):>20}" for hv in cycled) + mark)
    found = ratios(columns)
    if found:
        print(f"{'geometric mean of the ratios':44} {'':>9} {'':>11} {'':>11} {mean(found.values()):>7.3f}")
    print()


def exceeding(variants):
    """Where a costly event is more frequent here than on the peer: (variant, row, what, ours, the peer's).
    A flush of all the TLB (by CR3) is no less than one of a page: they count together."""
    for variant, columns in variants.items():
        for row, *_ in ROWS:
            a, b = (_value(columns, hv, row, "events") for hv in ("ringleader", "peer"))
            for kind in JUDGED if a is not None and b is not None else ():
                ours, theirs = a.get(kind, 0), b.get(kind, 0)
                if kind == "INVLPG":
                    ours, theirs = (e.get(kind, 0) + e.get("CR3 write", 0) for e in (a, b))
                if ours > theirs + 0.01:
                    yield variant, row, kind, ours, theirs


def _events_text(figure):
    events = (figure or {}).get("events")
    return "" if events is None else ", ".join(f"{events[kind]:.3g} {kind}" for kind in JUDGED if events.get(kind, 0) > 0.004) or "none"


def markdown(origin, variants):
    """The tables of docs/bench/tables.md, as lines."""
    yield "<!-- made by `make bench SAVE=1`: see docs/benchmarking.md -->"
    yield "# Figures of the bench"
    yield ""
    yield from (f"- {key}: {value}" for key, value in origin.items())
    for variant, columns in variants.items():
        yield from _markdown_variant(variant, columns)
    yield ""
    yield "What each switch costs is in [ablation.md](ablation.md), what Linux's operations do in [linux.md](linux.md), whole systems in [system.md](system.md)."
    yield ""
    yield "## Costly events that are more here than on Xen"
    yield ""
    found = list(exceeding(variants))
    if not found:
        yield "None."
        return
    yield "| variant | row | event | Ringleader | Xen |"
    yield "|---|---|---|---|---|"
    yield from (f"| {variant} | {row} | {kind} | {ours:.3g} | {theirs:.3g} |" for variant, row, kind, ours, theirs in found)


def _markdown_variant(variant, columns):
    traced = any("events" in figure for rows in columns.values() for figure in rows.values())
    cycled = _cycled(columns)
    present = [hv for hv in NAMES if columns.get(hv)]
    heads = ["operation", *(NAMES[hv] for hv in present), "ratio", *(f"{NAMES[hv]}: median, worst" for hv in present if hv != "native"),
             *(f"{NAMES[hv]}: costly events" for hv in present if traced and hv != "native"), *(f"{NAMES[hv]}: cycles" for hv in cycled)]
    yield ""
    yield f"## {variant}"
    yield ""
    yield "| " + " | ".join(heads) + " |"
    yield "|---" * len(heads) + "|"
    found = ratios(columns)
    for row, text, _ in ROWS:
        if not any(row in columns[hv] for hv in present):
            continue
        cells = [text, *(number(_value(columns, hv, row)) for hv in present), f"{found[row]:.2f}" if row in found else ""]
        for hv in present:
            if hv != "native":
                median, worst = (_value(columns, hv, row, key) for key in ("median", "worst"))
                cells.append("" if median is None else f"{number(median)}, {number(worst)}")
        cells += [_events_text(columns[hv].get(row)) for hv in present if traced and hv != "native"]
        cells += [number(_value(columns, hv, row, "cycles")) for hv in cycled]
        yield "| " + " | ".join(cells) + " |"
    if found:
        yield ""
        yield f"Geometric mean of {len(found)} ratios: {mean(found.values()):.3f}; the highest is {max(found.values()):.2f}, {max(found, key=found.get)}."
