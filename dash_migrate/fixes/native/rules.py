"""URL rules of Flask and what they are on FastAPI."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_CONVERTER = re.compile(r"<(?:(?P<kind>[a-zA-Z_]\w*)(?:\((?P<options>[^>]*)\))?:)?(?P<name>[a-zA-Z_]\w*)>")

#: Flask's converters: FastAPI's name for the path, the type of the parameter
CONVERTERS = {
    "": ("", "str"),
    "default": ("", "str"),
    "string": ("", "str"),
    "int": (":int", "int"),
    "float": (":float", "float"),
    "path": (":path", "str"),
    "uuid": (":uuid", "UUID"),
}


class Unsupported(Exception):
    """A rule that FastAPI cannot express with the same matches."""


@dataclass(frozen=True)
class Converted:
    """A rule for FastAPI."""

    path: str
    #: parameter name → type
    parameters: dict[str, str]


def convert(rule: str) -> Converted:
    """``/x/<int:n>`` → ``/x/{n:int}``.

    Raises:
        Unsupported: a converter without a counterpart, or one with options.
    """
    parameters: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        kind = match["kind"] or ""
        if kind not in CONVERTERS or match["options"]:
            raise Unsupported(f"the converter `{match[0]}` has no counterpart")
        suffix, type_name = CONVERTERS[kind]
        parameters[match["name"]] = type_name
        return "{" + match["name"] + suffix + "}"

    path = _CONVERTER.sub(replace, rule.replace("{", "{{").replace("}", "}}"))
    if "{{" in path or "}}" in path or "<" in path or ">" in path:
        raise Unsupported(f"the rule `{rule}` has no counterpart")
    return Converted(path, parameters)


def literal_parts(node: ast.expr) -> list[str] | None:
    """The literal pieces of a string expression: a constant, an f-string, a concatenation (None: something else)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        found = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                found.append(str(part.value))
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal_parts(node.left), literal_parts(node.right)
        return None if left is None and right is None else [*(left or []), *(right or [])]
    return None
