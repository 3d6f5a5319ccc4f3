"""Finds plugins by entry points and keeps their providers. A plugin that fails is skipped with its reason, and takes nobody down."""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from slotgraph.core.plugin import ENTRY_POINT_GROUP, PROJECT, Hooks, Provider


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """One entry point and what became of it: the providers it brings, or why it was skipped."""

    name: str
    distribution: str
    version: str
    providers: tuple[str, ...] = ()
    skipped: str | None = None


class Registry:
    """The installed providers by name."""

    def __init__(self) -> None:
        self.plugins: list[FoundPlugin] = []
        self._providers: dict[str, Provider] = {}
        self._plugin_of: dict[str, str] = {}

    @classmethod
    def discover(cls) -> "Registry":
        """Load every plugin installed in this environment."""
        registry = cls()
        for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda found: found.name):
            registry.load(entry_point)
        return registry

    def load(self, entry_point: EntryPoint) -> None:
        """Load one plugin; on any failure note why it was skipped."""
        found = _described(entry_point)
        try:
            providers = _providers_of(importlib.import_module(entry_point.value), entry_point.name)
            self._check(providers)
        # A guest's import may raise anything, SystemExit included: it costs the guest, not the process.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin wall
            self.plugins.append(_skipped(found, error))
            return
        self.register(providers, plugin=found.distribution)
        names = tuple(provider.name for provider in providers)
        self.plugins.append(FoundPlugin(found.name, found.distribution, found.version, names))

    def register(self, providers: Iterable[Provider], *, plugin: str) -> None:
        """Add providers directly: for tests, and for programs that embed SlotGraph."""
        for provider in providers:
            self._providers[provider.name] = provider
            self._plugin_of[provider.name] = plugin

    def provider(self, name: str) -> Provider | None:
        """The provider of this name; None while its plugin is not installed."""
        return self._providers.get(name)

    def providers(self) -> list[tuple[Provider, str]]:
        """All providers by name, each with the distribution that brings it."""
        return [(self._providers[name], self._plugin_of[name]) for name in sorted(self._providers)]

    def _check(self, providers: Iterable[Provider]) -> None:
        for provider in providers:
            if not isinstance(provider, Provider):
                raise TypeError(f"{type(provider).__name__} lacks {', '.join(_missing(provider))}")
            if provider.name in self._providers:
                raise ValueError(f"a provider named {provider.name!r} is there already")


def _missing(provider: object) -> list[str]:
    wanted = [name for name in (*Provider.__annotations__, *vars(Provider)) if not name.startswith("_")]
    return sorted({name for name in wanted if not hasattr(provider, name)})


def _providers_of(module: object, name: str) -> list[Provider]:
    """Ask one plugin alone, in a manager of its own, so that its faults stay its own."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(module, name)
    manager.check_pending()
    listed: list[list[Provider]] = manager.hook.register_providers()
    if not listed:
        raise TypeError("it implements no hook: register_providers is missing, or lacks @hookimpl")
    return [provider for providers in listed for provider in providers]


def _described(entry_point: EntryPoint) -> FoundPlugin:
    dist = entry_point.dist
    return FoundPlugin(entry_point.name, dist.name if dist else entry_point.value, dist.version if dist else "?")


def _skipped(found: FoundPlugin, error: BaseException) -> FoundPlugin:
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
    return FoundPlugin(found.name, found.distribution, found.version, skipped=reason)
