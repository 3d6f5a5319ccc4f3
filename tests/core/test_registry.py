"""Plugin discovery: what is wrong with one plugin is told, and costs nobody else anything."""

import sys
from importlib.metadata import EntryPoint

import pytest

from slotgraph.core.plugin import ENTRY_POINT_GROUP, Limits
from slotgraph.core.registry import Registry
from slotgraph.core.testing import InMemoryProvider

GOOD = """
from slotgraph.core.plugin import hookimpl
from slotgraph.core.testing import InMemoryProvider

@hookimpl
def register_providers():
    return [InMemoryProvider("{name}")]
"""

BROKEN = {
    "fails at import": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "misses a dependency": ("import slotgraph_no_such_module", "ModuleNotFoundError: No module named"),
    "is no Python": ("def register_providers(:", "SyntaxError:"),
    "exits at import": ("import sys\nsys.exit('goodbye')", "SystemExit: goodbye"),
    "exits without a word": ("raise SystemExit", "SystemExit: no reason given"),
    "misspells the hook": (
        GOOD.format(name="misspelt").replace("register_providers", "register_provider"),
        "PluginValidationError: unknown hook 'register_provider'",
    ),
    "forgets the marker": (GOOD.format(name="unmarked").replace("@hookimpl", ""), "TypeError: it implements no hook"),
    "takes arguments nobody gives": (
        GOOD.format(name="greedy").replace("register_providers()", "register_providers(settings)"),
        "PluginValidationError:",
    ),
    "raises in the hook": (
        GOOD.format(name="x").replace("return", "raise OSError('disk')\n    return"),
        "OSError: disk",
    ),
    "exits in the hook": (GOOD.format(name="x").replace("return", "raise SystemExit(3)\n    return"), "SystemExit: 3"),
    "brings nothing iterable": (GOOD.format(name="x").replace('[InMemoryProvider("x")]', "7"), "TypeError:"),
    "lacks methods": (
        GOOD.format(name="x").replace('InMemoryProvider("x")', "Half()") + "\nclass Half:\n    name = 'half'\n",
        "TypeError: Half lacks busy, calendars, close, limits, link, move, open, probe, purposes, remove, sees, title, titles, write",
    ),
    "brings one name twice": (
        GOOD.format(name="x").replace('[InMemoryProvider("x")]', "[InMemoryProvider('y'), InMemoryProvider('y')]"),
        "ValueError: a provider named 'y' is there already",
    ),
    "has an ugly name": (GOOD.format(name="My Calendar"), "TypeError: InMemoryProvider.name must be"),
}


@pytest.fixture
def entry_point(tmp_path, monkeypatch):
    """Make an installed plugin of a source text."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def install(source):
        module = f"slotgraph_guest_{len(made)}"
        made.append(module)
        (tmp_path / f"{module}.py").write_text(source)
        return EntryPoint(module, module, ENTRY_POINT_GROUP)

    yield install
    for module in made:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_skipped_with_its_reason_and_the_others_go_on(entry_point, source):
    text, reason = source
    registry = Registry()
    for code in (GOOD.format(name="first"), text, GOOD.format(name="last")):
        registry.load(entry_point(code))
    first, broken, last = registry.plugins
    assert [provider.name for provider, _ in registry.providers()] == ["first", "last"]
    assert (first.skipped, last.skipped, broken.providers) == (None, None, ())
    assert broken.skipped.startswith(reason)
    assert "\n" not in broken.skipped


def test_the_second_of_two_plugins_with_one_name_is_skipped(entry_point):
    registry = Registry()
    for _ in range(2):
        registry.load(entry_point(GOOD.format(name="twin")))
    assert [plugin.skipped for plugin in registry.plugins] == [
        None,
        "ValueError: a provider named 'twin' is there already",
    ]
    assert registry.providers()[0][1] == registry.plugins[0].distribution


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("limits", Limits(concurrency=0)),  # a semaphore nobody ever gets through
        ("limits", Limits(days_per_call=0)),
        ("limits", Limits(calendars_per_call=-1)),
        ("limits", {"concurrency": 4}),
        ("sees", ["BUSY"]),
        ("purposes", {"WRITE"}),
        ("link", None),
        ("title", 7),
        ("name", None),
    ],
)
def test_what_would_break_others_later_is_refused_at_once(attribute, value):
    provider = InMemoryProvider()
    setattr(provider, attribute, value)
    registry = Registry()
    with pytest.raises(TypeError, match=attribute):
        registry.register([InMemoryProvider("sound"), provider], plugin="guest")
    assert registry.providers() == []


def test_discovery_finds_what_is_installed():
    found = {plugin.name: plugin for plugin in Registry.discover().plugins}
    assert found["caldav"].providers == ("caldav",)
    assert found["caldav"].distribution == "slotgraph"


def test_an_unknown_provider_is_none():
    assert Registry().provider("google") is None
