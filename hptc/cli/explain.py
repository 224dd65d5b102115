"""`hptc explain`."""

from __future__ import annotations

from typing import Literal

import click

from hptc.catalog.algorithms import algorithm, algorithm_names
from hptc.cli.console import print_needed, print_result, print_status, read_stdin
from hptc.cli.options import JSON, STDIN, TEXT_OR_JSON, completed
from hptc.diagnostics import nearest
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.reference.algorithm_pages import algorithm_page
from hptc.reference.error_pages import error_pages, suggestion
from hptc.reference.rule_pages import page, pages
from hptc.render.written_files import explanation_json
from hptc.text import listed_code

_MAX_ERROR = 1_000_000  # bytes


@click.command()
@click.argument("text", nargs=-1, metavar="CODE | TEXT", shell_complete=completed("explained"))
@click.option("--all", "everything", is_flag=True, help="Explain every rule.")
@TEXT_OR_JSON
def explain(text: tuple[str, ...], everything: bool, form: str) -> int:
    """Explain a rule, a built-in algorithm or an AWS error.

    CODE is a rule's code, such as HPT203, or an algorithm, such as kmeans. TEXT is an error that
    AWS reported for a tuning job or a training job, such as its FailureReason; `-` reads it from
    stdin. Exits with 1 if the error is not known.
    """
    question = " ".join(text)
    if everything == bool(question):
        raise UsageError(
            "pass either a code, such as HPT203, an error text from AWS, an algorithm, such as "
            "kmeans, or --all"
        )
    if everything:
        _print(pages(), "rules", form)
        return EXIT_OK
    if question == STDIN:
        question = read_stdin(_MAX_ERROR).decode(errors="replace")
    about, answer = _answer(question)
    if answer is None:
        print_needed("the text contains no error that hptc knows")
        if similar := suggestion(question):
            print_status(similar)
        print_status("`hptc check --online SPEC` checks a spec against the rules and the account")
        return EXIT_FINDINGS
    _print(answer, about, form)
    return EXIT_OK


def _answer(question: str) -> tuple[Literal["rule", "algorithm", "error"], str | None]:
    """What a question is about, and its page; None for a text without an error that hptc knows.

    Raises UsageError for a word that is neither a rule, nor an algorithm, nor such an error.
    """
    word = question.strip() if len(question.split()) == 1 else ""
    if word and (algorithm := algorithm_page(word)) is not None:
        return "algorithm", algorithm
    if not _is_like_code(question) and (errors := error_pages(question)) is not None:
        return "error", errors
    return ("rule", _rule_page(word)) if word else ("error", None)


def _print(text: str, about: Literal["rule", "rules", "algorithm", "error"], form: str) -> None:
    print_result(explanation_json(about, text) if form == JSON else text)


def _rule_page(word: str) -> str:
    """The page of a rule. Raises UsageError for another word, such as a misspelled algorithm."""
    if _is_like_code(word):
        return page(word)
    if users := _algorithms_with(word):
        algorithms = listed_code(users) if len(users) <= 3 else f"{len(users)} algorithms"
        raise UsageError(
            f"`{word}` is a hyperparameter of {algorithms}, not a rule code",
            help=f"`hptc explain {users[0]}` shows its values",
        )
    meant = nearest(word, algorithm_names())
    if meant is not None:
        raise UsageError(f"`{word}` is not a built-in algorithm", help=f"did you mean {meant}?")
    return page(word)


def _algorithms_with(hyperparameter: str) -> list[str]:
    algorithms = (algorithm(name) for name in algorithm_names())
    return [known.name for known in algorithms if known and known.hyperparameter(hyperparameter)]


def _is_like_code(text: str) -> bool:
    return text.strip().upper().startswith("HPT") and len(text.split()) == 1
