"""Whether and how an event blocks (rule B1), from STATUS, TRANSP, Microsoft's busy status and the holder's own PARTSTAT."""

from slotgraph.core.plugin import BusyStatus
from slotgraph.plugins.caldav.tokenizer import OWN_ATTENDEE, Component

_BY_BUSY_STATUS = {
    "OOF": BusyStatus.OUT_OF_OFFICE,
    "TENTATIVE": BusyStatus.TENTATIVE,
    "WORKINGELSEWHERE": BusyStatus.WORKING_ELSEWHERE,
}
_BY_FBTYPE = {
    "FREE": None,
    "BUSY-TENTATIVE": BusyStatus.TENTATIVE,
    "BUSY-UNAVAILABLE": BusyStatus.OUT_OF_OFFICE,
}


def status_of(event: Component) -> BusyStatus | None:
    """How an event blocks; None if it does not. Unknown words block."""
    transparency, microsoft = event.value("TRANSP"), event.value("X-MICROSOFT-CDO-BUSYSTATUS")
    answers = {line.parameters.get("PARTSTAT", "") for line in event.lines_named(OWN_ATTENDEE)}
    if event.value("STATUS") == "CANCELLED" or transparency == "TRANSPARENT" or answers == {"DECLINED"}:
        return None
    if microsoft == "FREE" and transparency != "OPAQUE":
        # Both at once: TRANSP is what other clients change, Microsoft's property is left behind by them.
        return None
    if microsoft in _BY_BUSY_STATUS:
        return _BY_BUSY_STATUS[microsoft]
    if event.value("STATUS") == "TENTATIVE" or answers == {"TENTATIVE"}:
        return BusyStatus.TENTATIVE
    return BusyStatus.BUSY


def status_from_fbtype(fbtype: str) -> BusyStatus | None:
    """How a FREEBUSY period blocks (RFC 5545 section 3.2.9); unknown words block, None does not."""
    return _BY_FBTYPE.get(fbtype.strip().upper(), BusyStatus.BUSY)
