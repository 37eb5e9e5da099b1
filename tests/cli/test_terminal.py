"""What a person at a terminal sees, and a pipe does not."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable

from tests.cli.shell import PATIENCE_S, Result, Shell
from tests.instruments.tones import recording

LONG = "Palavra palavra. " * 12


def at_a_terminal(shell: Shell, *arguments: str, typed: bytes = b"") -> tuple[int, str]:
    """Exit code and all that a command shows where its stdin, stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    shell.environment |= {"TERM": "xterm", "COLUMNS": "100"}
    with shell.start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, typed)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        return process.wait(PATIENCE_S), shown.decode()


def test_a_long_text_shows_a_bar_and_ends_with_a_summary(shell: Shell) -> None:
    slow = shell.slow(segment_limit=17, batch_size=1, step_s=0.2)
    code, shown = at_a_terminal(slow, "say", LONG, "-o", "long.wav")
    assert code == 0
    assert "speaking" in shown
    assert "/12" in shown
    assert "long.wav: " in shown.splitlines()[-1]


def test_a_short_text_shows_no_bar(shell: Shell) -> None:
    code, shown = at_a_terminal(shell, "say", "Olá", "-o", "ola.wav")
    assert code == 0
    assert "speaking" not in shown


def test_a_pipe_sees_no_bar(shell: Shell) -> None:
    slow = shell.slow(segment_limit=17, batch_size=1)
    assert slow.run("say", LONG, "-o", "long.wav").err == ""


def test_sound_does_not_go_to_a_terminal_unasked(shell: Shell) -> None:
    code, shown = at_a_terminal(shell, "say", "Olá")
    assert code == 2
    assert "-o FILE" in shown
    assert "RIFF" not in shown


def test_say_without_a_text_at_a_terminal_does_not_wait_for_one(shell: Shell) -> None:
    code, shown = at_a_terminal(shell, "say", "-o", "ola.wav")
    assert code == 2
    assert "Give a text" in shown


def test_tables_are_boxed_at_a_terminal_and_plain_in_a_pipe(shell: Shell, command: Callable[..., Result]) -> None:
    _, shown = at_a_terminal(shell, "models", "list")
    assert "┃" in shown
    piped = command("models", "list").out.decode()
    assert piped.splitlines()[0].split("\t") == ["model", "licence", "file", "found", "state"]


def test_what_strangers_wrote_cannot_move_the_cursor(command: Callable[..., Result], capfdbinary: object) -> None:
    from entrypoints.cli.tables import show_table

    show_table(("name",), [("evil\x1b[2Jname\nnext",)])
    assert capfdbinary.readouterr().out == b"name\nevil [2Jname next\n"


def test_clone_asks_a_person_for_the_consent_of_who_speaks(shell: Shell) -> None:
    (shell.home / "a.wav").write_bytes(recording())
    code, shown = at_a_terminal(shell, "clone", "Ana", "a.wav", typed=b"Ana Souza\nn\n")
    assert code == 2
    assert "A voz nestas gravações é minha" in shown
    assert "Without consent no voice is learned" in shown
    code, _ = at_a_terminal(shell, "clone", "Ana", "a.wav", typed=b"Ana Souza\ny\n")
    assert code == 0
    assert shell.run("voices", "show", "Ana", "--json").json["consents"][0]["by"] == "Ana Souza"
