"""An installation of a test's own, on the kind of database this run is for; see commands.py for calling `slotgraph`."""

import logging

import pytest
import structlog


@pytest.fixture
def folder(tmp_path, monkeypatch, new_database):
    """The data folder of an installation, named by the environment as its database is. None of them is made yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SLOTGRAPH_DATA_FOLDER", str(folder))
    address = new_database("new")
    if address.startswith("postgresql"):
        monkeypatch.setenv("SLOTGRAPH_DATABASE", address)
    return folder


@pytest.fixture(autouse=True)
def logs_as_before():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()
