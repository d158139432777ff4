# SPDX-License-Identifier: MIT
"""What a person sees of a soak: a line a crossing, a line an audit, and the table at the end."""

import collections
import json

HEAD = f"{'n':>5}  {'mode':<7}{'way':<6}{'fault':<18}{'where it struck':<42}{'outcome':<9}{'pause':>8}{'lag':>9}{'writes':>9}{'took':>8}"


class Tale:
    def __init__(self, folder):
        self._file = open(folder / "soak.log", "w", encoding="utf-8", buffering=1)
        self._is_headed = False

    def say(self, text):
        print(text, flush=True)
        self._file.write(text + "\n")

    def crossing(self, c, totals):
        if not self._is_headed:
            self.say(HEAD)
            self._is_headed = True
        lag = f"{c.lag_ms:.0f} ms" if c.lag_ms is not None else "?"
        way = "there" if c.starts_in == "mirrored" else "back"
        self.say(f"{c.number:>5}  {c.draw.mode:<7}{way:<6}{c.draw.fault.name:<18}{c.strikes_at:<42}{c.outcome:<9}"
                 f"{c.pause_s:>6.2f} s{lag:>9}{totals['acknowledged']:>9}{c.seconds:>6.1f} s"
                 + (f"  ({'; '.join(c.notes)})" if c.notes else ""))

    def audit(self, verdict):
        self.say(f"       audit: {verdict['acknowledged']} acknowledged, {verdict['ambiguous']} ambiguous "
                 f"({verdict['ambiguous_there']} there), {verdict['refused']} refused, {verdict['reads']} reads: "
                 + ("all promises kept" if verdict["is_kept"] else f"BROKEN {verdict['broken']}"))

    def end(self, soak, folder, seconds, command):
        """The table, and verdict.json beside it."""
        crossings, last = soak.crossings, soak.verdicts[-1] if soak.verdicts else None
        count = collections.Counter
        outcomes = count(c.outcome for c in crossings)
        struck = count(c.draw.fault.name for c in crossings if "the run was over before" not in c.notes)
        modes = count(c.draw.mode for c in crossings)
        longest = {mode: max((c for c in crossings if c.draw.mode == mode), key=lambda c: c.pause_s) for mode in modes}
        self.say("")
        self._row("crossings", f"{len(crossings)} in {seconds / 60:.1f} min ({_list(modes)})")
        self._row("by outcome", _list(outcomes))
        self._row("faults", _list(struck))
        self._row("put right by hand", f"{sum(c.by_hand for c in crossings)} (an open primary came back closed)")
        for mode, c in longest.items():
            self._row(f"longest pause, {mode}", f"{c.pause_s:.3f} s (crossing {c.number}, {c.draw.fault.name})")
        calm = [c.pause_s for c in crossings if c.draw.fault.name == "none"]
        if calm:
            self._row("without a fault", f"{max(calm):.3f} s")
        if last:
            broken = last["broken"]
            self._row("writes", f"{last['acknowledged']} acknowledged, {last['refused']} refused, {last['ambiguous']} ambiguous"
                      f" ({last['ambiguous_there']} there, {last['ambiguous_absent']} not)")
            self._row("lost", broken.get("lost", 0))
            self._row("doubled", broken.get("doubled", 0))
            self._row("reads", f"{last['reads']}, went back: {broken.get('went-back', 0)}; behind as announced: "
                      f"{last['behind_as_announced']}, on a closed side: {last['behind_on_a_closed_side']}")
            self._row("handed back", f"{len(last['handed_back'])} (the side that was opened had closed again)")
            self._row("other laws broken", _list({k: v for k, v in broken.items() if k not in ("lost", "doubled", "went-back")}))
        is_kept = not soak.broken and last is not None and last["is_kept"]
        for text in soak.broken:
            self.say(f"\nBROKEN: {text}")
        if last is None:
            self.say("\nnothing was judged")
        self.say(f"\n{'All laws held.' if is_kept else 'A LAW WAS BROKEN.'} Repeat with: {command}\nLogs: {folder}")
        (folder / "verdict.json").write_text(json.dumps(
            {"is_kept": is_kept, "minutes": round(seconds / 60, 1), "crossings": len(crossings), "outcomes": outcomes,
             "faults": struck, "modes": modes, "longest_pause_s": {m: round(c.pause_s, 3) for m, c in longest.items()},
             "ledger": last, "broken": soak.broken, "repeat": command}, indent=2) + "\n")
        return is_kept

    def _row(self, name, text):
        self.say(f"  {name:<24}{text}")


def _list(counter):
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items(), key=lambda item: -item[1])) or "none"
