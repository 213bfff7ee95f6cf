"""What ``fix`` is measured against: every file whole, with LibCST's metadata, and a call looked up by its name.

python metadata_pass.py LIST   (a file with one path a line)
"""

from __future__ import annotations

import sys
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider


class Calls(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (QualifiedNameProvider, PositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.found = 0

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        names = self.get_metadata(QualifiedNameProvider, original_node, set())
        if any(name.name.endswith("run_server") for name in names):
            self.get_metadata(PositionProvider, original_node)
            self.found += 1
        return updated_node


def main() -> None:
    sys.setrecursionlimit(10_000)
    for path in Path(sys.argv[1]).read_text().splitlines():
        try:
            rewritten = MetadataWrapper(cst.parse_module(Path(path).read_bytes())).visit(Calls())
            _ = rewritten.bytes
        except Exception as error:
            print(f"{path}: {type(error).__name__}", file=sys.stderr)


if __name__ == "__main__":
    main()
