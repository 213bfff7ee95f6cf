"""Which file an import means."""

from __future__ import annotations

from pathlib import Path

import pytest

from dash_migrate.files.layout import Layout
from dash_migrate.files.project import ModuleMap
from dash_migrate.files.walk import walk


def test_a_script_imports_from_its_own_directory() -> None:
    modules = ModuleMap(["app.py", "wsgi.py", "pages/home.py", "pages/app.py"])
    assert modules.resolve_import("wsgi.py", 0, "app") == ["app.py"]
    assert modules.resolve_import("pages/home.py", 0, "app") == ["pages/app.py", "app.py"]
    assert modules.resolve_import("wsgi.py", 0, "pages.home") == ["pages/home.py"]
    assert modules.resolve_import("wsgi.py", 0, "numpy") == []


def test_a_package_imports_from_above_its_top() -> None:
    modules = ModuleMap(["app.py", "pkg/__init__.py", "pkg/app.py", "pkg/web/__init__.py", "pkg/web/run.py"])
    assert modules.resolve_import("pkg/web/run.py", 0, "app") == ["app.py", "pkg/app.py"]
    assert modules.resolve_import("pkg/web/run.py", 0, "pkg") == ["pkg/__init__.py"]
    assert modules.resolve_import("pkg/web/run.py", 0, "pkg.web") == ["pkg/web/__init__.py"]


def test_relative_imports_have_one_meaning() -> None:
    modules = ModuleMap(["app.py", "pkg/__init__.py", "pkg/app.py", "pkg/web/__init__.py", "pkg/web/run.py"])
    ask = modules.resolve_import
    assert ask("pkg/web/run.py", 1, "") == ["pkg/web/__init__.py"]
    assert ask("pkg/web/run.py", 1, "run") == ["pkg/web/run.py"]
    assert ask("pkg/web/run.py", 2, "app") == ["pkg/app.py"]
    assert ask("pkg/web/__init__.py", 1, "run") == ["pkg/web/run.py"]
    assert ask("pkg/web/run.py", 3, "app") == ["app.py"]
    assert ask("pkg/web/run.py", 9, "app") == []
    assert ask("app.py", 1, "pkg.app") == ["pkg/app.py"]


def test_a_package_wins_over_a_module_of_its_name() -> None:
    for paths in (["x.py", "x/__init__.py", "a.py"], ["x/__init__.py", "x.py", "a.py"]):
        assert ModuleMap(paths).resolve_import("a.py", 0, "x") == ["x/__init__.py"]


def test_a_package_of_directories_alone_is_no_file() -> None:
    modules = ModuleMap(["run.py", "space/app.py"])
    assert modules.resolve_import("run.py", 0, "space") == []
    assert modules.resolve_import("run.py", 0, "space.app") == ["space/app.py"]


def test_source_roots_come_from_metadata(tmp_path: Path) -> None:
    def write(path: str, text: str = "") -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    write("one/pyproject.toml", '[tool.setuptools.package-dir]\n"" = "code"\nboard = "elsewhere/board_src"\n')
    write("one/code/server.py")
    write("one/elsewhere/board_src/__init__.py")
    write("one/elsewhere/board_src/main.py")
    write("one/tests/test_a.py")
    write("two/setup.cfg", "[options]\npackage_dir =\n    = python\n")
    write("two/python/server.py")
    write("two/tests/test_a.py")
    write("three/setup.py", 'setup(package_dir={"": "lib", "x.y": "deep"}, name="three")\n')
    write("three/lib/server.py")
    write("three/deep/z.py")
    write("three/tests/test_a.py")
    write("broken/pyproject.toml", "package-dir = [")
    write(
        "odd/pyproject.toml",
        "[tool]\nsetuptools = 'package-dir'\n[tool.pytest.ini_options]\npythonpath = [1]\n",
    )
    modules = ModuleMap.of(walk(["."], base=tmp_path))
    assert modules.resolve_import("one/tests/test_a.py", 0, "server") == ["one/code/server.py"]
    assert modules.resolve_import("one/tests/test_a.py", 0, "board") == ["one/elsewhere/board_src/__init__.py"]
    assert modules.resolve_import("one/tests/test_a.py", 0, "board.main") == ["one/elsewhere/board_src/main.py"]
    assert modules.resolve_import("two/tests/test_a.py", 0, "server") == ["two/python/server.py"]
    assert modules.resolve_import("three/tests/test_a.py", 0, "server") == ["three/lib/server.py"]
    assert modules.resolve_import("three/tests/test_a.py", 0, "x.y.z") == ["three/deep/z.py"]
    assert modules.project_of("three/lib/server.py") == "three"


@pytest.mark.parametrize(
    "text",
    [
        '[tool.pytest.ini_options]\npythonpath = "code other"\n',
        '[tool.poetry]\npackages = [{include = "server.py", from = "code"}]\n',
        '[tool.hatch.build.targets.wheel]\npackages = ["code/server"]\n',
        '[tool.hatch.build.targets.wheel]\nsources = ["code"]\n',
        '[tool.setuptools.packages.find]\nwhere = ["code"]\n',
    ],
)
def test_metadata_outranks_other_directories(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    for name in ("aaa/server.py", "code/server.py", "tests/x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    modules = ModuleMap.of(walk(["."], base=tmp_path))
    assert modules.resolve_import("tests/x.py", 0, "server") == ["code/server.py"]


def test_neighbouring_projects_do_not_lend_each_other_plain_names() -> None:
    layout = Layout(projects={"apps/a", "apps/b"})
    modules = ModuleMap(
        ["apps/a/main.py", "apps/b/utils.py", "apps/b/pkg/x.py", "tools/check.py", "lib/auth.py"], layout
    )
    assert modules.resolve_import("apps/a/main.py", 0, "utils") == []
    assert modules.resolve_import("apps/a/main.py", 0, "pkg.x") == ["apps/b/pkg/x.py"]
    assert modules.resolve_import("tools/check.py", 0, "utils") == ["apps/b/utils.py"]
    assert modules.resolve_import("apps/a/main.py", 0, "lib.auth") == ["lib/auth.py"]
    assert modules.resolve_import("apps/a/main.py", 0, "auth") == ["lib/auth.py"]


def test_files_deep_in_a_package_are_not_taken_for_installed_modules() -> None:
    modules = ModuleMap(["run.py", "pkg/__init__.py", "pkg/numpy.py", "tools/logging.py", "pkg/sub/__init__.py"])
    assert modules.resolve_import("run.py", 0, "numpy") == []
    assert modules.resolve_import("run.py", 0, "logging") == []
    assert modules.resolve_import("tools/x.py", 0, "logging") == ["tools/logging.py"]


def test_start_commands_name_modules_from_a_directory() -> None:
    modules = ModuleMap(["src/app.py", "app.py", "src/board/wsgi.py"])
    assert modules.resolve_module("app") == ["app.py"]
    assert modules.resolve_module("app", "src") == ["src/app.py", "app.py"]
    assert modules.resolve_module("board.wsgi", "src") == ["src/board/wsgi.py"]
    assert modules.resolve_module("src.board.wsgi") == ["src/board/wsgi.py"]


def test_module_names_start_with_the_likely_one() -> None:
    modules = ModuleMap(["src/pkg/__init__.py", "src/pkg/web/__init__.py", "src/pkg/web/app.py", "my-app/x.py"])
    assert modules.module_names("src/pkg/web/app.py") == ["pkg.web.app", "app", "web.app", "src.pkg.web.app"]
    assert modules.module_names("src/pkg/__init__.py") == ["pkg", "src.pkg"]
    assert modules.module_names("my-app/x.py") == ["x"]
    assert modules.module_names("Procfile") == []


def test_files_outside_the_working_directory_work_as_well() -> None:
    modules = ModuleMap(["../other/app.py", "../other/pages/home.py"])
    assert modules.resolve_import("../other/pages/home.py", 0, "app") == ["../other/app.py"]
    assert modules.resolve_import("../other/pages/home.py", 2, "app") == ["../other/app.py"]
    assert modules.project_of("../other/app.py") == ""
    assert modules.resolve_module("app", "/") == ["../other/app.py"]
