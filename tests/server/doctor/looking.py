"""Looking into an installation as the doctor does, and telling findings in short."""

from slotgraph.core.clock import SystemClock
from slotgraph.server.doctor.database import look_into
from slotgraph.server.doctor.findings import State


def looked(settings):
    """What the doctor sees in the database."""
    return look_into(settings, SystemClock())


def states(findings):
    """What is not well, and how it is; a cure belongs to each of them, and to nothing else."""
    found = list(findings)
    for finding in found:
        assert (finding.cure is None) is (finding.state is State.OK), finding
        assert finding.sentence.endswith("."), finding
        assert "\n" not in f"{finding.sentence}{finding.cure}", finding
    return [finding.state.value for finding in found]


def only(findings):
    """The one finding, as (state, sentence, cure)."""
    (finding,) = findings
    states([finding])
    return finding.state.value, finding.sentence, finding.cure or ""
