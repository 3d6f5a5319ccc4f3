"""Every setting, where it comes from and what is allowed. No secret: those stand in files."""

from slotgraph.server.settings.declared import Settings
from slotgraph.server.settings.page import describe_settings
from slotgraph.server.settings.reading import Sourced, read_settings, read_sourced
from slotgraph.server.settings.secret_files import database_password

__all__ = ["Settings", "Sourced", "database_password", "describe_settings", "read_settings", "read_sourced"]
