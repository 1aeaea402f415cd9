"""Plots of the bench, each as SVG and PNG, by Debian's python3-matplotlib."""
import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "ringleader"      # the same file from the same figures
import matplotlib.pyplot as plt  # noqa: E402  (after the choice above)
from costly import JUDGED  # noqa: E402
from report import mean, ratios  # noqa: E402

BARS = ["#1b6ca8", "#e08a1e", "#5a9e6f", "#a04a6a"]


def save(figure, path):
    figure.tight_layout()
    figure.savefig(f"{path}.svg", metadata={"Date": None})
    figure.savefig(f"{path}.png", dpi=80, metadata={"Software": None})
    plt.close(figure)


def bars(path, title, series, label, rows=None):
    """Horizontal bars: @series is {name: {row: value}}."""
    rows = rows or list(next(iter(series.values())))
    height = 0.8 / len(series)
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.22 * len(rows) * max(1, len(series) / 2)))
    for i, (name, values) in enumerate(series.items()):
        axes.barh([n + i * height for n in range(len(rows))], [values.get(row, 0) for row in rows], height, label=name,
                  color=BARS[i % len(BARS)])
    axes.set_yticks([n + 0.4 - height / 2 for n in range(len(rows))], rows, fontsize=7)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel(label)
    axes.set_title(title)
    axes.legend(fontsize=8)
    axes.grid(axis="x", alpha=0.3)
    save(figure, path)


def plot(folder, variants):
    """Ratios of all operations, and the costly events beside the peer's."""
    found = {f"{name}: mean {mean(ratios(columns).values()):.3f}": ratios(columns)
             for name, columns in variants.items() if name in ("dom0-amd", "domU-amd") and ratios(columns)}
    if found:
        bars(f"{folder}/ratios", "Instructions of an operation, Xen's being 1", found, "Ringleader / Xen 4.17")
    columns = variants.get("dom0-amd", {})
    sums = {name: {row: sum(figure["events"].get(kind, 0) for kind in JUDGED) for row, figure in columns.get(hv, {}).items() if "events" in figure}
            for hv, name in (("ringleader", "Ringleader"), ("peer", "Xen 4.17"))}
    shares = {row: sums["Ringleader"][row] / theirs for row, theirs in sums["Xen 4.17"].items() if theirs and row in sums["Ringleader"]}
    if shares:
        bars(f"{folder}/events", "Costly events of an operation, Xen's being 1",
             {"dom0-amd": shares}, "Ringleader / Xen 4.17")


def system(path, creation, busy, work):
    """What creating the nth domain costs, {column: {n: instructions}}; and the busy ones' instructions beside their @work."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for colour, (column, points) in zip(BARS[1:] + BARS[:1], creation.items()):
        if points:
            left.plot(list(points), [value / 1e6 for value in points.values()], marker="o", label=column, color=colour)
    left.set_xlabel("domain")
    left.set_ylabel("million instructions")
    left.set_title("To create a domain beside others")
    left.set_ylim(bottom=0)
    left.legend(fontsize=8)
    left.grid(alpha=0.3)
    right.bar(list(busy), [(value / work - 1) * 100 for value in busy.values()], color=BARS[0])
    right.set_ylabel("% more than the work itself")
    right.set_title("32 at once")
    right.grid(axis="y", alpha=0.3)
    save(figure, path)
