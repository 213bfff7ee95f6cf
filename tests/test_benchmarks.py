"""The benchmark script, as far as it goes without the network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import compare  # noqa: E402
import trees  # noqa: E402
from measure import Measured, Run, Task, measure  # noqa: E402


def test_the_typical_app_is_twenty_files_of_python(tmp_path: Path) -> None:
    app = trees.typical_app(tmp_path)
    files = trees.python_files(app)
    assert len(files) == 20
    for path in files:
        compile(path.read_bytes(), str(path), "exec")


def test_the_dash_heavy_tree_is_python_and_does_not_repeat_itself(tmp_path: Path) -> None:
    tree = trees.dash_heavy(BENCHMARKS.parent / "fixtures", tmp_path, 400)
    files = trees.python_files(tree)
    assert len(files) >= 400
    for path in files:
        compile(path.read_bytes(), str(path), "exec")
    assert len({path.read_bytes() for path in files}) > 250


def test_a_smaller_tree_is_made_evenly_of_the_larger_ones(tmp_path: Path) -> None:
    for name, count in (("one", 60), ("two", 40)):
        (tmp_path / name).mkdir()
        for number in range(count):
            (tmp_path / name / f"f{number}.py").write_text("x = 1\n")
    grown = trees.grown([tmp_path / "one", tmp_path / "two"], tmp_path, 10)
    assert [len(trees.python_files(grown / name)) for name in ("one", "two")] == [6, 4]


@pytest.mark.skipif(sys.platform == "win32", reason="wait4")
def test_time_of_children_counts_and_failures_are_told() -> None:
    burn = "n = 0\nfor i in range(4_000_000): n += i"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    tasks = [
        Task("busy", [sys.executable, "-c", parent]),
        Task("idle", [sys.executable, "-c", "import time; time.sleep(0.3)"], once=True),
        Task("broken", [sys.executable, "-c", "raise SystemExit('no such option')"], allowed=(0,)),
        Task("crashed", [sys.executable, "-c", "1 / 0"]),
        Task("missing", ["/no/such/command"]),
    ]
    results = measure(tasks, 2)
    assert results["busy"].cpu > 2 * results["idle"].cpu
    assert results["idle"].wall > 0.3
    assert [len(results[name].runs) for name in ("busy", "idle")] == [2, 1]
    assert results["broken"].failure == "exit 1 no such option"
    assert "ZeroDivisionError" in results["crashed"].failure
    assert results["missing"].failure


def test_promises_are_judged_both_ways() -> None:
    fast, slow = Measured("a", []), Measured("b", [])
    fast.runs = [Run(0.1, 0.1, 20, 0)]
    slow.runs = [Run(6.0, 6.0, 20, 0)]
    assert compare.Target("case", "at most", 1.5, 2).kept
    assert not compare.Target("case", "at most", float("nan"), 2).kept
    assert compare.Target("case", "at least", slow.cpu / fast.cpu, 50, at_least=True).kept
    assert not compare.Target("case", "at least", 49, 50, at_least=True).kept
