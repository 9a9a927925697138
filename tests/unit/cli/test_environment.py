"""Settings of the commands and the local stack: environment and ``.env``."""

from cli.environment import environment


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=1111\nCONSOLE_PORT=2222\nOAUTH_SCOPES=\n")

    variables = environment({"PORT": "3333", "CONSOLE_PORT": ""}, tmp_path)

    assert variables == {"PORT": "3333", "CONSOLE_PORT": "2222"}
