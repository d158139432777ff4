# SPDX-License-Identifier: MIT
"""What is done to a run that stands still at some place: the columns of the matrix, as a table.

A deed begins while the controller is stopped, and is over when the controller has ended, at the latest after
`lasts_s`: as when somebody starts the server again, or the network comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .proxy import ELSE, RESET, SILENCE

BLIP_S = 2.0    # connections are reset, and refused for so long
OUTAGE_S = 8.0  # longer than any one question to a server may take (stage.LIMITS)


@dataclass(frozen=True)
class Deed:
    name: str
    title: str
    begin: Callable         # (stage, pid of the controller)
    end: Callable           # (stage): may find that it is over already
    lasts_s: float
    needs_dns: bool = False   # only where the part talks to the provider
    kills: str = ""           # the side whose primary starts anew, without what SET GLOBAL had set
    stops_service: bool = True  # can it keep the application from writing by itself?


def _kill(side):
    def begin(stage, _pid):
        stage.primaries[side].kill9()

    def end(stage):
        if not stage.primaries[side].is_running:
            stage.primaries[side].start()

    return {"begin": begin, "end": end, "lasts_s": OUTAGE_S, "kills": side}


def _stall(side):
    return {"begin": lambda stage, _pid: stage.primaries[side].freeze(),
            "end": lambda stage: stage.primaries[side].thaw(), "lasts_s": OUTAGE_S}


def _cut(side, form, lasts_s):
    """Between the controller and one primary."""
    return {"begin": lambda stage, _pid: stage.proxies[side].cut({ELSE}, form),
            "end": lambda stage: stage.proxies[side].heal(), "lasts_s": lasts_s, "stops_service": False}


def _cut_links(form, lasts_s):
    """Between the two primaries, in both directions."""

    def begin(stage, _pid):
        stage.proxies["old"].cut({stage.primaries["new"].name}, form)
        stage.proxies["new"].cut({stage.primaries["old"].name}, form)

    def end(stage):
        for proxy in stage.proxies.values():
            proxy.heal()

    return {"begin": begin, "end": end, "lasts_s": lasts_s, "stops_service": False}


def _lose(kind):
    """The next request that reads and the next one that changes."""

    def begin(stage, _pid):
        for method in ("GET", "PATCH"):
            stage.lab.cloudflare.faults.add(kind, method=method)

    return {"begin": begin, "end": lambda stage: stage.lab.cloudflare.faults.clear(), "lasts_s": OUTAGE_S,
            "needs_dns": True, "stops_service": False}


# Done by the failpoint itself: there is nobody left to go on.
KILL_CONTROLLER = Deed("kill-controller", "the controller is killed", begin=None, end=lambda stage: None, lasts_s=0,
                       stops_service=False)

DEEDS = (
    KILL_CONTROLLER,
    Deed("kill-old", "OLD's primary is killed", **_kill("old")),
    Deed("kill-new", "NEW's primary is killed", **_kill("new")),
    Deed("stall-old", "OLD's primary hangs", **_stall("old")),
    Deed("stall-new", "NEW's primary hangs", **_stall("new")),
    Deed("cut-old", "the network to OLD is gone", **_cut("old", SILENCE, OUTAGE_S)),
    Deed("cut-new", "the network to NEW is gone", **_cut("new", SILENCE, OUTAGE_S)),
    Deed("reset-old", "connections to OLD are reset", **_cut("old", RESET, BLIP_S)),
    Deed("reset-new", "connections to NEW are reset", **_cut("new", RESET, BLIP_S)),
    Deed("cut-links", "the network between the primaries is gone", **_cut_links(SILENCE, OUTAGE_S)),
    Deed("reset-links", "connections between the primaries are reset", **_cut_links(RESET, BLIP_S)),
    Deed("full-disk", "the journal's disk is full", begin=lambda stage, pid: stage.disk.fill(pid),
         end=lambda stage: stage.disk.make_room(), lasts_s=OUTAGE_S, stops_service=False),
    Deed("lost-answer", "the provider's answer is lost", **_lose("drop_after")),
    Deed("lost-request", "the provider's request is lost", **_lose("drop_before")),
)


def find(name):
    return next(deed for deed in DEEDS if deed.name == name)
