"""The source keeps to short functions and plain words."""

import ast
import io
import re
import tokenize

import pytest

from tests.test_imports import ROOT, SOURCES

TESTS = sorted(ROOT.glob("tests/**/*.py"))
LONGEST = 30  # lines of a function, its docstring aside
NOT_PLAIN = re.compile(
    r"\b(TODO|anew|aslant|likewise|whoever|so many|to and fro|what is no digits?|hands|mend(s|ed|ing)?|witness(es)?)\b"
    r"|^what (is|was|are|were)\b",
    re.IGNORECASE,
)
"""Words for which the field, or everyday American English, has plainer ones."""


def relative(path):
    return str(path.relative_to(ROOT))


def has_docstring(node):
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
        node
    )


def lines_of(function):
    lines = function.end_lineno - function.lineno + 1
    if not has_docstring(function):
        return lines
    docstring = function.body[0]
    return lines - (docstring.end_lineno - docstring.lineno + 1)


def explanations(source):
    """Docstrings, those below constants as well, and comments."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_functions_are_short(path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [(function.name, lines_of(function)) for function in functions if lines_of(function) > LONGEST] == []


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=relative)
def test_explanations_are_in_plain_words(path):
    texts = list(explanations(path.read_text(encoding="utf-8")))
    assert [text for text in texts if NOT_PLAIN.search(text)] == []


def test_comments_and_docstrings_are_found():
    source = '"""Module."""\nx = 1  # Comment.\n"""Constant."""\ndef f():\n    """Function."""\n    return "a text"\n'
    assert sorted(explanations(source)) == ["Comment.", "Constant.", "Function.", "Module."]


@pytest.mark.parametrize("text", ["TODO: split.", "Draw it anew.", "What is drawn.", "How hands are read."])
def test_words_that_are_not_plain_are_found(text):
    assert NOT_PLAIN.search(text)


@pytest.mark.parametrize("text", ["Draw it again, by hand.", "Show what is drawn.", "Mention it."])
def test_plain_words_pass(text):
    assert not NOT_PLAIN.search(text)
