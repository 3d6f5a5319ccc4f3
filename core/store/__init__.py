"""Repositories: the statements that read and write our own tables, one file per noun. No rule is decided here."""
