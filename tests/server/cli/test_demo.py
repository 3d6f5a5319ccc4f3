"""`slotgraph demo`, before it starts; what it does then stands in server/demo."""

from slotgraph_tests_server_cli_commands import refused


def test_a_demo_password_is_judged_before_anything_is_made(tmp_path):
    folder = tmp_path / "demo"
    said = refused("demo", "--folder", str(folder), "--password", "short")
    assert "between 12 and 200" in said
    assert not folder.exists()
