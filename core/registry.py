"""Finds plugins by entry points and keeps their providers. A plugin that fails is skipped with its reason, and takes nobody down."""

import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from slotgraph.core.plugin import (
    ENTRY_POINT_GROUP,
    PROJECT,
    BusyStatus,
    Hooks,
    Limits,
    OAuthLink,
    PasswordLink,
    Provider,
    Purpose,
)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


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
            self.register(providers, plugin=found.distribution)
        # A guest's import may raise anything, SystemExit included: it costs the guest, not the process.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin wall
            self.plugins.append(_skipped(found, error))
            return
        names = tuple(provider.name for provider in providers)
        self.plugins.append(FoundPlugin(found.name, found.distribution, found.version, names))

    def register(self, providers: Iterable[Provider], *, plugin: str) -> None:
        """Add providers, all or none. Raises TypeError or ValueError that says what is wrong with one."""
        added: dict[str, Provider] = {}
        for provider in providers:
            for fault in _faults(provider):
                raise TypeError(fault)
            if provider.name in self._providers or provider.name in added:
                raise ValueError(f"a provider named {provider.name!r} is there already")
            added[provider.name] = provider
        self._providers |= added
        self._plugin_of |= dict.fromkeys(added, plugin)

    def provider(self, name: str) -> Provider | None:
        """The provider of this name; None while its plugin is not installed."""
        return self._providers.get(name)

    def limits(self, name: str) -> Limits:
        """What the provider of this name takes; the usual while its plugin is not installed."""
        provider = self.provider(name)
        return provider.limits if provider else Limits()

    def providers(self) -> list[tuple[Provider, str]]:
        """All providers by name, each with the distribution that brings it."""
        return [(self._providers[name], self._plugin_of[name]) for name in sorted(self._providers)]


def _faults(provider: object) -> Iterator[str]:
    """What a provider lacks; what it does wrong shows when it is called."""
    kind = type(provider).__name__
    if not isinstance(provider, Provider):
        yield f"{kind} lacks {', '.join(_missing(provider))}"
        return
    if not isinstance(provider.name, str) or not _NAME.fullmatch(provider.name):
        yield f"{kind}.name must be lower-case letters, digits, hyphens and underscores"
    if not isinstance(provider.title, str):
        yield f"{kind}.title must be text"
    if not isinstance(provider.purposes, frozenset) or not all(isinstance(one, Purpose) for one in provider.purposes):
        yield f"{kind}.purposes must be a frozenset of Purpose"
    if not isinstance(provider.sees, frozenset) or not all(isinstance(one, BusyStatus) for one in provider.sees):
        yield f"{kind}.sees must be a frozenset of BusyStatus"
    if not isinstance(provider.link, PasswordLink | OAuthLink):
        yield f"{kind}.link must be a PasswordLink or an OAuthLink"
    limits = provider.limits
    if not isinstance(limits, Limits) or not all(type(one) is int and one > 0 for one in astuple(limits)):
        yield f"{kind}.limits must be Limits of at least 1 each"


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
