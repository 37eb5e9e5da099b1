"""The promises in the documentation are the tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| `(test_(\d\d)_\w+)` \|$", re.MULTILINE)


def _promised():
    return _ROW.findall((ROOT / "docs/reliability.md").read_text("utf-8"))


def _tests():
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "tests/crash").glob("test_*.py"))]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in functions if re.match(r"test_\d\d_", node.name)}


def test_there_are_eighteen_promises_in_order_and_each_test_has_the_number_of_its_promise():
    numbers = [(int(number), int(in_name)) for number, _, _, in_name in _promised()]
    assert numbers == [(n, n) for n in range(1, 19)]


def test_every_promise_has_its_test_and_every_such_test_its_promise():
    assert {name for _, _, name, _ in _promised()} == _tests().keys()


def test_no_promise_is_skipped_or_expected_to_fail():
    for name, node in _tests().items():
        decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
        assert "skip" not in decorators, name
        assert "xfail" not in decorators, name
        assert "skip" not in ast.unparse(node), name
