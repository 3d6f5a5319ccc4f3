"""Companies and logins made at the command line, and what is refused."""

import re

import pytest
from slotgraph_tests_server_cli_commands import PASSWORD, company, done, make_user, refused, refused_user, slotgraph


def test_a_company_and_its_logins_are_made(folder):
    assert "salon" in company()
    for role in ("OWNER", "admin", "Staff"):
        assert "can log in" in make_user(f"{role}@salon.example", "--company", "salon", "--role", role)
    assert "agent@slotgraph.example can log in" in make_user("Agent@slotgraph.example", "--support")
    assert (folder / "slotgraph.key").stat().st_mode & 0o077 == 0


@pytest.mark.sqlite
def test_the_file_is_its_owners_alone_and_holds_no_password(folder):
    company()
    make_user("owner@salon.example", "--company", "salon")
    assert (folder / "slotgraph.db").stat().st_mode & 0o077 == 0
    assert PASSWORD.encode() not in (folder / "slotgraph.db").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Salon!", "--name", "S", "--time-zone", "Europe/Zurich"), "slug: "),
        (("-salon", "--name", "S", "--time-zone", "Europe/Zurich"), ""),
        (("x" * 64, "--name", "S", "--time-zone", "Europe/Zurich"), "slug: "),
        (("salon", "--name", " ", "--time-zone", "Europe/Zurich"), "name: "),
        (("salon", "--name", "S\x00", "--time-zone", "Europe/Zurich"), "name: "),
        (("salon", "--name", "S", "--time-zone", "Zurich"), "time-zone: "),
        (("salon", "--name", "S", "--time-zone", "Europe/Zurich", "--locale", "German"), "locale: "),
        (("salon", "--name", "S"), "--time-zone"),
    ],
)
def test_a_company_that_makes_no_sense_is_not_made(folder, arguments, said):
    assert said in refused("create-company", *arguments)


def test_two_companies_of_one_name_are_refused(folder):
    company()
    assert "already" in refused("create-company", "salon", "--name", "Two", "--time-zone", "Europe/Zurich")


def test_a_login_that_makes_no_sense_is_not_made(folder):
    company()
    place = ("--company", "salon")
    assert "no e-mail address" in refused_user("nobody", *place)
    assert "between 12 and 200" in refused_user("a@b.example", *place, password="short")
    assert "between 12 and 200" in refused_user("a@b.example", *place, password="x" * 201)
    assert "between 12 and 200" in refused_user("a@b.example", *place, password="")
    assert "must not be the address" in refused_user("owner-of-all@b.example", *place, password="owner-of-all")
    assert "tried first" in refused_user("a@b.example", *place, password="password1234")
    assert "'boss' is not one of" in refused_user("a@b.example", *place, "--role", "boss")
    assert "either --support or --company" in refused_user("a@b.example")
    assert "either --support or --company" in refused_user("a@b.example", *place, "--support")
    make_user("a@b.example", *place)
    assert "already" in refused_user("A@B.example", *place)
    assert "already" in refused_user("a@b.example", "--support")


def test_a_login_for_an_unknown_company_leaves_nothing_behind(folder):
    """Else the address would be taken by a login that belongs nowhere."""
    company()
    assert "no company 'saloon'" in refused_user("a@b.example", "--company", "saloon")
    make_user("a@b.example", "--company", "salon")


def test_a_reset_prints_a_link_for_a_login_that_is_there_and_a_sentence_for_one_that_is_not(folder, monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_BASE_URL", "https://book.example")
    company()
    make_user("a@b.example", "--company", "salon")
    said = done("reset-password", "A@b.example")
    assert "good once, for 60 minutes" in said
    assert re.search(r"^https://book\.example/reset#[A-Za-z0-9_-]{43}$", said, re.MULTILINE)
    assert refused("reset-password", "nobody@b.example") == "email: there is no login with this address."
    assert refused("reset-password", "nonsense") == "email: there is no login with this address."


def test_a_password_is_asked_for_twice_and_never_shown(folder):
    company()
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    printed = done("create-user", "a@b.example", "--company", "salon", given=twice)
    assert PASSWORD not in printed
    code, printed = slotgraph("create-user", "c@b.example", "--company", "salon", given=f"{PASSWORD}\nother-one\n")
    assert code != 0
    assert PASSWORD not in printed


def test_a_password_file_that_is_no_text_is_one_sentence(folder, tmp_path):
    company()
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe\x00\n")
    said = refused("create-user", "a@b.example", "--company", "salon", "--password-file", str(file))
    assert "UTF-8" in said
    assert "password" in refused(
        "create-user", "a@b.example", "--company", "salon", "--password-file", str(tmp_path / "none")
    )
