# SPDX-License-Identifier: MIT
"""What a demo has measured: the figures, the verdict over them, the report for a person and report.json for a program.

Nothing is measured here. The times of steps come from the program's own report of each run, pauses and promises from
the visitors and the audit of both databases.
"""

import json
from dataclasses import dataclass, field

KINDS = ("proxied", "dns-only")
CROSSINGS = {"there": "OLD to NEW", "back": "NEW to OLD", "there-again": "OLD to NEW, again"}


@dataclass
class Run:
    """One run of the program: its playbook, how long it took, its own report, and which crossing it was, if any."""

    playbook: str
    seconds: float
    report: dict
    crossing: str | None

    @property
    def id(self):
        return self.report["run"]

    def steps(self):
        """[(name, ms)]: the playbook's steps with the time of all their parts."""
        times = {}
        for part in self.report["steps"]:
            times[part["step"]] = times.get(part["step"], 0) + part["duration_ms"]
        return list(times.items())

    def measured(self, name):
        """One of the program's own figures; None when this run had none of it."""
        value = self.report[name]
        return value if value is not None and value >= 0 else None


@dataclass
class Figures:
    mode: str
    check: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)
    crowd: dict | None = None
    audit: object = None
    verified: dict | None = None
    situation: str = "unknown"

    def add_run(self, playbook, seconds, report, crossing):
        self.runs.append(Run(playbook, seconds, report, crossing))

    @property
    def crossings(self):
        return [run for run in self.runs if run.crossing]

    def window(self, label):
        """What the visitors measured from one mark to the next."""
        return next(w for w in self.crowd["pauses"]["windows"] if w["label"] == label)


def verdict(figures):
    """What is not as it must be, in words; nothing when all is well."""
    audit = figures.audit
    wrong = [f"{count} acknowledged write(s) {what}" for count, what in (
        (audit.lost, "lost"), (audit.doubled, "doubled"), (audit.altered, "altered")) if count]
    if figures.verified["difference_count"]:
        wrong.append(f"{figures.verified['difference_count']} difference(s) between OLD and NEW")
    if audit.acknowledged == 0 or figures.verified["rows"] == 0:
        wrong.append("nothing was promised or compared: this demo proves nothing")
    if figures.situation != "switched":
        wrong.append(f"the service is {figures.situation}, not switched")
    return wrong


def as_json(figures, complaints):
    audit, crowd = figures.audit, figures.crowd
    return {
        "acknowledged": audit.acknowledged,
        "lost": audit.lost,
        "doubled": audit.doubled,
        "ambiguous": audit.ambiguous["total"],
        "longest_pause_ms": crowd["longest_pause_ms"],
        "rows_verified": figures.verified["rows"],
        "differences": figures.verified["difference_count"],
        "crossings": len(figures.crossings),
        "situation": figures.situation,
        "mode": figures.mode,
        "is_good": not complaints,
        "altered": audit.altered,
        "refused_and_repeated": crowd["refused"],
        "writes_per_s": crowd["writes_per_s"],
        "cross_side_signups": audit.cross_side_signups,
        "check": figures.check,
        "each_crossing": [_crossing_json(figures, run) for run in figures.crossings],
        "runs": [{"playbook": run.playbook, "run": run.id, "seconds": round(run.seconds, 1),
                  "steps": [{"step": name, "ms": ms} for name, ms in run.steps()]} for run in figures.runs],
    }


def _crossing_json(figures, run):
    window = figures.window(run.crossing)
    return {
        "crossing": run.crossing,
        "longest_pause_ms": window["client_ms"],
        "longest_pause_ms_by_name": {kind: window["by_kind"][kind]["client_ms"] for kind in KINDS},
        "write_pause_ms": run.measured("write_pause_ms"),
        "lag_before_flip_ms": run.measured("lag_before_flip_ms"),
        "dns_convergence_ms": run.measured("dns_convergence_ms"),
    }


def print_report(figures, path, complaints):
    """The report on standard output, and report.json."""
    report = as_json(figures, complaints)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    lines = [*_timeline(report), "", *_crossings(report), "", *_promises(figures, report), ""]
    if complaints:
        lines += ["NOT GOOD: " + "; ".join(complaints), *figures.audit.findings[:10]]
    else:
        lines.append("Good: nothing lost, nothing doubled, no row differs; the users are on NEW, and the way back is open.")
    lines.append(f"The same figures: {path}")
    print("\n".join(lines), flush=True)


def _timeline(report):
    lines = ["Timeline"]
    for run in report["runs"]:
        lines.append(f"  {run['playbook']:<24} {run['seconds']:6.1f} s   run {run['run']}")
        lines += [f"    {step['step']:<22} {step['ms'] / 1000:6.1f} s" for step in run["steps"]]
    return lines


def _crossings(report):
    head = f"  {'Crossing':<20} {'longest wait of a visitor':>27} {'lag before':>12} {'writes':>10} {'DNS':>10}"
    lines = [head, f"  {'':<20} {'proxied':>13} {'DNS-only':>13} {'the flip':>12} {'refused':>10} {'agreed':>10}"]
    for crossing in report["each_crossing"]:
        pauses = crossing["longest_pause_ms_by_name"]
        lines.append(f"  {CROSSINGS[crossing['crossing']]:<20} {_ms(pauses['proxied']):>13} {_ms(pauses['dns-only']):>13}"
                     f" {_ms(crossing['lag_before_flip_ms']):>12} {_ms(crossing['write_pause_ms']):>10}"
                     f" {_ms(crossing['dns_convergence_ms']):>10}")
    return lines


def _certificates(figures):
    """What each crossing could say of every row, in the program's own words."""
    return [f"Certificate, {CROSSINGS[run.crossing]}: {(run.report.get('certificate') or {}).get('text', 'none')}"
            for run in figures.crossings]


def _promises(figures, report):
    audit = figures.audit
    cross = audit.cross_side_signups
    return [
        f"Longest time a visitor had to wait for a write, in the whole demo: {_ms(report['longest_pause_ms'])}",
        f"Writes acknowledged: {audit.acknowledged} ({report['writes_per_s']} a second); lost {audit.lost},"
        f" doubled {audit.doubled}, altered {audit.altered}",
        f"Answers that were lost on the way: {audit.ambiguous['total']}; found to be written {audit.ambiguous['applied']},"
        f" given up by the visitor {audit.ambiguous['abandoned_there'] + audit.ambiguous['abandoned_absent']}",
        f"Sign-ups begun on one side and confirmed on the other: {cross['old->new']} from OLD to NEW,"
        f" {cross['new->old']} from NEW to OLD",
        *_certificates(figures),
        f"Rows compared at the end: {report['rows_verified']} in {figures.verified['tables']} tables;"
        f" {report['differences']} differ",
        f"Situation: {report['situation']}",
    ]


def _ms(value):
    if value is None:
        return "-"
    if value >= 10000:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
