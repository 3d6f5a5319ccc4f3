"""Calling the command `slotgraph` in this process, and what comes back."""

from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner

from slotgraph.server.cli import main

PASSWORD = "correct-horse-battery"


def slotgraph(*arguments, given=None):
    """What a command printed, on both streams, and its exit code."""
    with ThreadPoolExecutor(1) as thread:  # asyncio.run in this thread would close the loop of other tests
        result = thread.submit(CliRunner().invoke, main, arguments, input=given).result()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def done(*arguments, given=None):
    code, printed = slotgraph(*arguments, given=given)
    assert code == 0, printed
    return printed


def refused(*arguments, given=None):
    """The one sentence of a command that could not do it."""
    code, printed = slotgraph(*arguments, given=given)
    assert code not in (0, None)
    assert "Traceback" not in printed
    (line,) = [line for line in printed.splitlines() if line.startswith("Error: ")]
    assert printed.strip().endswith(line)
    return line.removeprefix("Error: ")


def company(slug="salon"):
    return done("create-company", slug, "--name", "Salon", "--time-zone", "Europe/Zurich")


def user(*arguments, password=PASSWORD):
    return ("create-user", *arguments, "--password-file", "-"), f"{password}\n"


def make_user(*arguments, password=PASSWORD):
    arguments, given = user(*arguments, password=password)
    return done(*arguments, given=given)


def refused_user(*arguments, password=PASSWORD):
    arguments, given = user(*arguments, password=password)
    return refused(*arguments, given=given)
