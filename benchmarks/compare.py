"""Measure dash-migrate against ruff, django-upgrade, Fixit and bump-pydantic, side by side in one run.

    python benchmarks/compare.py                 everything, about five minutes
    python benchmarks/compare.py --case app      only the small ones (see README.md)

Times are processor time, user and system, of a command and its children; the median of several runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import trees
from measure import Measured, Task, measure

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
TOOLS = ("ruff", "django-upgrade", "fixit", "bump-pydantic")
CASES = ("start", "app", "dash", "released", "large", "growth", "fix")


@dataclass
class Target:
    """A promise of the issue, and how it came out."""

    case: str
    promise: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = "x"

    @property
    def kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


class Comparison:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.cache: Path = options.cache
        self.tool = shlex.split(options.tool_command)
        self.check_arguments = shlex.split(options.check_args)
        self.bin = self.cache / "tools" / ("Scripts" if os.name == "nt" else "bin")
        self.rows: list[tuple[str, Measured]] = []
        self.targets: list[Target] = []

    # Commands

    def check(self, path: Path, *more: str) -> list[str]:
        return [*self.tool, *self.check_arguments, *more, str(path)]

    def ruff(self, path: Path, *more: str) -> list[str]:
        return [str(self.bin / "ruff"), "check", "--isolated", "--select", "F", "-q", "--exit-zero", *more, str(path)]

    def cold(self, path: Path) -> Task:
        return Task("dash-migrate check", self.check(path, *shlex.split(self.options.cold_args)))

    def quick_tasks(self, path: Path) -> list[Task]:
        warm = self.cache / "ruff-cache"
        shutil.rmtree(warm, ignore_errors=True)
        subprocess.run(self.ruff(path, "--cache-dir", str(warm)), check=False, stdout=subprocess.DEVNULL)
        tasks = [self.cold(path), Task("ruff F", self.ruff(path, "--no-cache"))]
        tasks.append(Task("ruff F, warm", self.ruff(path, "--cache-dir", str(warm))))
        if self.options.warm_args:
            command = self.check(path, *shlex.split(self.options.warm_args.format(cache=self.cache)))
            shutil.rmtree(self.cache / "check-cache", ignore_errors=True)
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            tasks.append(Task("dash-migrate check, warm", command))
        return tasks

    def upgrade(self, path: Path) -> Task:
        """django-upgrade, which rewrites what it is given, on a copy."""
        scratch = self.cache / "scratch"

        def renew() -> None:
            shutil.rmtree(scratch, ignore_errors=True)
            trees.copy(path, scratch)

        files = [str(scratch / one.relative_to(path)) for one in trees.python_files(path)]
        command = [str(self.bin / "django-upgrade"), "--target-version", "4.2", *files]
        return Task("django-upgrade", command, renew, once=True)

    def slow_tasks(self, path: Path) -> list[Task]:
        upgrade = self.upgrade(path)
        scratch = self.cache / "scratch"
        return [
            self.cold(path),
            upgrade,
            Task("Fixit", [str(self.bin / "fixit"), "lint", str(scratch)], upgrade.prepare, once=True),
            # bump-pydantic wants a path below the working directory
            Task(
                "bump-pydantic",
                [str(self.bin / "bump-pydantic"), "--diff", scratch.name],
                upgrade.prepare,
                self.cache,
                once=True,
            ),
        ]

    def run(self, case: str, tasks: list[Task], repeat: int | None = None) -> dict[str, Measured]:
        print(f"  {case}", file=sys.stderr)
        results = measure(tasks, repeat or self.options.repeat)
        self.rows += [(case, one) for one in results.values()]
        return results

    def ratio(self, case: str, promise: str, limit: float, ours: Measured, theirs: Measured) -> None:
        self.targets.append(Target(case, promise, ours.cpu / theirs.cpu, limit))

    def faster(self, case: str, promise: str, limit: float, ours: Measured, theirs: Measured) -> None:
        self.targets.append(Target(case, promise, theirs.cpu / ours.cpu, limit, at_least=True))

    # Cases

    def start(self) -> None:
        tasks = [Task(f"dash-migrate {one}", [*self.tool, one]) for one in ("--help", "--version")]
        tasks.append(Task("python -c pass", [sys.executable, "-c", "pass"]))
        for name, one in self.run("start-up", tasks, 2 * self.options.repeat).items():
            if name.startswith("dash-migrate"):
                self.targets.append(Target("start-up", f"{name} within 0.12 s", one.cpu, 0.12, unit="s"))

    def app(self) -> None:
        path = trees.typical_app(self.cache)
        ours = self.run("one app, 20 files", self.quick_tasks(path))["dash-migrate check"]
        self.targets.append(Target("one app, 20 files", "check within 0.25 s", ours.cpu, 0.25, unit="s"))
        if not self.options.quick:
            self.run("one app, the other tools", self.slow_tasks(path)[1:])

    def dash(self) -> None:
        path = self.dash_tree()
        case = f"Dash-heavy, {len(trees.python_files(path))} files, {trees.size_of(path) / 1e6:.1f} MB"
        results = self.run(case, self.quick_tasks(path))
        ours = results["dash-migrate check"]
        self.ratio(case, "at most 8 x ruff", 8, ours, results["ruff F"])
        if "dash-migrate check, warm" in results:
            self.ratio(case, "warm at most 2 x ruff", 2, results["dash-migrate check, warm"], results["ruff F"])
        if self.options.quick:
            return
        files = len(trees.python_files(path))
        sample = files if self.options.sample == 0 else min(files, self.options.sample)
        part = self.cache / f"{path.name}-part-{sample}-of-{files}"
        path = trees.copy(path, part, max(1, files // sample), sample)
        case = f"Dash-heavy, {len(trees.python_files(path))} of them"
        results = self.run(case, self.slow_tasks(path))
        ours = results["dash-migrate check"]
        self.faster(case, "50 x faster than Fixit", 50, ours, results["Fixit"])
        self.faster(case, "300 x faster than bump-pydantic", 300, ours, results["bump-pydantic"])

    def large(self) -> None:
        tree = self.options.large_tree or trees.unpack(trees.LARGE, self.cache, "large")
        case = f"without Dash, {len(trees.python_files(tree))} files, {trees.size_of(tree) / 1e6:.0f} MB"
        results = self.run(case, self.quick_tasks(tree) + ([] if self.options.quick else [self.upgrade(tree)]))
        self.ratio(case, "at most 0.15 x ruff", 0.15, results["dash-migrate check"], results["ruff F"])
        case = "the same with one app in it"
        results = self.run(case, self.quick_tasks(trees.with_app(tree, trees.typical_app(self.cache), self.cache)))
        self.ratio(case, "at most 0.4 x ruff", 0.4, results["dash-migrate check"], results["ruff F"])

    def growth(self) -> None:
        sources = [trees.unpack(trees.LARGE, self.cache, "large"), trees.unpack(trees.LARGER, self.cache, "larger")]
        costs: list[float] = []
        for count in trees.GROWTH:
            tree = trees.with_app(trees.grown(sources, self.cache, count), trees.typical_app(self.cache), self.cache)
            megabytes = trees.size_of(tree) / 1e6
            tasks = [self.cold(tree), Task("ruff F", self.ruff(tree, "--no-cache"))]
            ours = self.run(f"{count} files, {megabytes:.0f} MB, one app", tasks)["dash-migrate check"]
            costs.append(ours.cpu / megabytes)
        self.targets.append(
            Target("growth", "a MB of 16,000 files at most 1.5 x one of 1,000", costs[-1] / costs[0], 1.5)
        )

    def fix(self) -> None:
        path = self.dash_tree()
        command = [*self.tool, *shlex.split(self.options.fix_args), str(path)]
        said = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).stdout
        changed = [
            line[6:].decode() for line in said.splitlines() if line.startswith(b"--- a/") and line.endswith(b".py")
        ]
        if not changed:
            print("    fix changes nothing here: compared on all files", file=sys.stderr)
            changed = [str(one) for one in trees.python_files(path)]
        tasks = [Task("dash-migrate fix --diff", command), self.metadata("changed", changed)]
        results = self.run(f"fix of {len(changed)} files", tasks, 1 if self.options.quick else None)
        ours = results["dash-migrate fix --diff"]
        case = f"fix, {len(changed)} files changed"
        self.faster(case, "10 x faster than metadata of these", 10, ours, results["LibCST metadata, changed"])
        if self.options.quick:
            return
        given = [str(one) for one in trees.python_files(path)]
        theirs = self.run(f"the {len(given)} files given", [self.metadata("given", given)])["LibCST metadata, given"]
        self.faster(f"fix, {len(given)} files given", "10 x faster than metadata of these", 10, ours, theirs)

    def metadata(self, which: str, files: list[str]) -> Task:
        """Every one of the files whole, with LibCST's metadata."""
        names = self.cache / f"{which}-files.txt"
        names.write_text("\n".join(files))
        command = [sys.executable, str(HERE / "metadata_pass.py"), str(names)]
        return Task(f"LibCST metadata, {which}", command, once=which == "given")

    def released(self) -> None:
        """What people have published, to see by; what is promised is promised of apps."""
        tree = trees.unpack(trees.WITH_DASH, self.cache, "with-dash")
        files = len(trees.python_files(tree))
        self.run(f"packages with Dash, {files} files, {trees.size_of(tree) / 1e6:.1f} MB", self.quick_tasks(tree))

    def dash_tree(self) -> Path:
        return self.options.dash_tree or trees.dash_heavy(FIXTURES, self.cache, 1_000)

    def memory(self) -> None:
        ours = [one for _, one in self.rows if one.name.startswith("dash-migrate") and one.runs]
        if ours:
            peak = max(one.memory for one in ours)
            self.targets.append(Target("all of the above", "at most 200 MB", peak, 200, unit="MB"))


def install_tools(cache: Path) -> None:
    """The other tools, in an environment of their own."""
    place = cache / "tools"
    if (place / ".complete").exists():
        return
    print("  installing " + ", ".join(TOOLS), file=sys.stderr)
    venv.create(place, with_pip=True, clear=True)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", *TOOLS], check=True)
    (place / ".complete").touch()


def show(comparison: Comparison) -> None:
    print(f"\n{'':44}{'CPU s':>9}{'wall s':>9}{'MB':>7}{'runs':>6}")
    last = None
    for case, one in comparison.rows:
        if case != last:
            print(case)
            last = case
        if one.failure or not one.runs:
            print(f"    {one.name:<40}  failed: {one.failure}")
        else:
            print(f"    {one.name:<40}{one.cpu:9.3f}{one.wall:9.3f}{one.memory:7.0f}{len(one.runs):6}")
    print(f"\n{'target':<78}{'is':>10}{'limit':>9}")
    for target in comparison.targets:
        limit = f"{'>=' if target.at_least else '<='} {target.limit:g}"
        print(
            f"{'ok  ' if target.kept else 'MISS'} {target.case[:32]:<33}{target.promise:<40}"
            f"{target.value:9.3g}{target.unit:<2}{limit:>8}"
        )


def main() -> int:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dash-migrate-benchmarks"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--case", action="append", choices=CASES, help="only this one (may be repeated)")
    add("--repeat", type=int, default=5, help="runs of each quick command (default 5)")
    add("--quick", action="store_true", help="leave out the slow tools")
    add("--sample", type=int, default=200, help="Dash-heavy files the slow tools get; 0: all (default 200)")
    add("--dash-tree", type=Path, help="a directory of Dash apps to use instead of our fixtures in variants")
    add("--large-tree", type=Path, help="a large directory without Dash to use instead of released packages")
    add("--cache", type=Path, default=cache, help=f"where trees and tools are kept (default {cache})")
    add("--tool-command", default=f"{shlex.quote(sys.executable)} -m dash_migrate", help="what is measured")
    add("--check-args", default="check --exit-zero", help="its arguments for checking, before the path")
    add("--cold-args", default="--no-cache", help="more of them for a run without a cache")
    add(
        "--warm-args",
        default="--cache-dir {cache}/check-cache",
        help="more of them for a run with a cache, '' if there is none; {cache} is where trees are kept",
    )
    add("--fix-args", default="fix --target fastapi --diff", help="its arguments for a fix that writes nothing")
    add("--json", type=Path, help="write the figures to this file as well")
    add("--strict", action="store_true", help="exit 1 if a target is missed")
    options = parser.parse_args()
    for name in ("cache", "dash_tree", "large_tree"):
        value = getattr(options, name)
        setattr(options, name, value.resolve() if value else None)
    options.cache.mkdir(parents=True, exist_ok=True)
    install_tools(options.cache)
    comparison = Comparison(options)
    print(
        f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, Python {sys.version.split()[0]}", file=sys.stderr
    )
    for case in options.case or CASES:
        getattr(comparison, case)()
    comparison.memory()
    show(comparison)
    if options.json:
        rows = [{"case": c, "name": m.name, "cpu": m.cpu, "wall": m.wall, "mb": m.memory} for c, m in comparison.rows]
        promises = [{**vars(target), "kept": target.kept} for target in comparison.targets]
        options.json.write_text(json.dumps({"runs": rows, "targets": promises}, indent=1))
    return int(options.strict and not all(target.kept for target in comparison.targets))


if __name__ == "__main__":
    sys.exit(main())
