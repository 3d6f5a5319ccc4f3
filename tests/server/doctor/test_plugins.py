"""What the doctor says of plugins."""

from slotgraph_tests_server_doctor_looking import only, states

from slotgraph.core.registry import FoundPlugin
from slotgraph.server.doctor.plugins import check_plugins


def test_each_plugin_says_what_it_provides():
    good = FoundPlugin("caldav", "slotgraph", "1.2", ("caldav",))
    assert only(check_plugins([good])) == ("ok", "caldav (slotgraph 1.2) provides caldav.", "")


def test_no_plugin_is_a_warning():
    state, _, cure = only(check_plugins([]))
    assert state == "warn"
    assert "slotgraph[caldav]" in cure


def test_a_skipped_plugin_is_a_warning_with_its_reason_and_the_others_are_told():
    ours = FoundPlugin("caldav", "slotgraph", "1.2", skipped="ModuleNotFoundError: No module named 'icalendar'")
    guest = FoundPlugin("guest", "guest-calendars", "3", skipped="RuntimeError: no licence")
    found = list(check_plugins([ours, guest, FoundPlugin("own", "own", "1", ("own",))]))
    assert states(found) == ["warn", "warn", "ok"]
    assert "No module named 'icalendar'" in found[0].sentence
    assert found[0].cure == "pip install 'slotgraph[caldav]'"
    assert "pip uninstall guest-calendars" in (found[1].cure or "")
