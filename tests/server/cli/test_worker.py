"""`slotgraph worker`: on PostgreSQL only. At work: tests/reliability/workers/."""

import pytest
from slotgraph_tests_server_cli_commands import company, done, refused

SENTENCE = "SQLite takes one process, and `slotgraph serve` does this work itself: use PostgreSQL for more."


@pytest.mark.sqlite
def test_on_a_file_it_refuses_in_one_sentence_that_names_postgresql(folder):
    company()
    assert refused("worker") == SENTENCE


@pytest.mark.sqlite
def test_on_a_file_nobody_could_work_apart(folder, monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_WORKER", "apart")
    said = refused("serve")
    assert said == "The setting worker is 'apart', and on SQLite nobody else can work: use PostgreSQL, or 'embedded'."


def test_it_says_what_it_does_and_how_it_ends():
    said = done("worker", "--help")
    for words in ("apart from the servers", "PostgreSQL only", "SIGINT and SIGTERM"):
        assert words in said
