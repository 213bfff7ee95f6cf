"""Small LibCST expressions and the edits made of them."""

from __future__ import annotations

from typing import Any

from dash_migrate.fixes.edits import Edit


def wrap(function: str, *extra: str) -> Edit:
    """``x`` → ``function(x, *extra)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        if isinstance(node, cst.NamedExpr) and not extra:
            node = node.with_changes(lpar=[], rpar=[])
        arguments = [cst.Arg(node), *[cst.Arg(cst.parse_expression(e)) for e in extra]]
        return cst.Call(cst.Name(function), _spaced(arguments))

    return change


def fill(code: str) -> Edit:
    """``x`` → the code, with ``x`` where it has ``_``."""

    def change(node: Any) -> Any:
        import libcst as cst

        class Fill(cst.CSTTransformer):
            def leave_Name(self, original_node: Any, updated_node: Any) -> Any:
                return node if updated_node.value == "_" else updated_node

        return cst.parse_expression(code).visit(Fill())

    return change


def star_to_keywords(code: str) -> Edit:
    """``f(*x, …)`` → ``f(…, **code)``, with ``x`` where the code has ``_``."""

    def change(node: Any) -> Any:
        import libcst as cst

        starred, *others = node.args
        made = cst.Arg(fill(code)(starred.value), star="**")
        return insert_argument(node.with_changes(args=others), made, len(others))

    return change


def wrap_owner(function: str) -> Edit:
    """``x.server`` → ``function(x)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        if not isinstance(node, cst.Attribute):  # two apps of a file ask for the same
            return node
        return cst.Call(cst.Name(function), [cst.Arg(node.value)], lpar=node.lpar, rpar=node.rpar)

    return change


def call_with_owner(function: str) -> Edit:
    """For a call ``x.run(a, b)`` → ``function(x, a, b)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        owner = cst.Arg(node.func.value)
        arguments = [owner, *node.args]
        if node.args:
            arguments[0] = owner.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        return node.with_changes(func=cst.Name(function), args=arguments)

    return change


def rename(new: str) -> Edit:
    """A name → another name."""
    return lambda node: node.with_changes(value=new)


def replace(code: str) -> Edit:
    """An expression → another."""

    def change(node: Any) -> Any:
        import libcst as cst

        del node
        return cst.parse_expression(code)

    return change


def rename_attribute(new: str) -> Edit:
    """``x.old`` → ``x.new``."""
    return lambda node: node.with_changes(attr=node.attr.with_changes(value=new))


def set_keyword(name: str, code: str, first: bool = False) -> Edit:
    """Give a call the keyword argument ``name=code``, in the style of its other arguments."""

    def change(node: Any) -> Any:
        import libcst as cst

        value = cst.parse_expression(code)
        for place, argument in enumerate(node.args):
            if argument.keyword is not None and argument.keyword.value == name:
                arguments = list(node.args)
                arguments[place] = argument.with_changes(value=value)
                return node.with_changes(args=arguments)
        equal = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))
        made = cst.Arg(value=value, keyword=cst.Name(name), equal=equal)
        return insert_argument(node, made, 0 if first else None)

    return change


def insert_argument(call: Any, argument: Any, place: int | None) -> Any:
    """A call with one more argument; one on its own line if the others are."""
    import libcst as cst

    arguments = list(call.args)
    if not arguments:
        return call.with_changes(args=[argument])
    stars = [n for n, a in enumerate(arguments) if a.star == "**"]
    if place is None:
        place = stars[0] if stars else len(arguments)
    space: Any = cst.SimpleWhitespace(" ")
    for existing in arguments[:-1]:
        if isinstance(existing.comma, cst.Comma):
            space = _plain(existing.comma.whitespace_after)
            break
    else:
        if isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
            space = _plain(call.whitespace_before_args)
    comma = cst.Comma(whitespace_after=space)
    if place < len(arguments):
        arguments.insert(place, argument.with_changes(comma=comma))
        return call.with_changes(args=arguments)
    last = arguments[-1]
    trailing = last.comma if isinstance(last.comma, cst.Comma) else cst.MaybeSentinel.DEFAULT
    after_last = last.whitespace_after_arg
    if isinstance(last.comma, cst.Comma) and isinstance(last.comma.whitespace_after, cst.ParenthesizedWhitespace):
        # a trailing comma and the comment behind it stay with their argument
        between = last.comma.whitespace_after
        if isinstance(space, cst.ParenthesizedWhitespace):
            between = space.with_changes(first_line=between.first_line, empty_lines=between.empty_lines)
        arguments[-1] = last.with_changes(comma=cst.Comma(whitespace_after=between))
        closing = last.comma.whitespace_after
        if isinstance(closing, cst.ParenthesizedWhitespace):
            closing = closing.with_changes(
                first_line=cst.TrailingWhitespace(newline=closing.first_line.newline), empty_lines=[]
            )
        argument = argument.with_changes(comma=cst.Comma(whitespace_after=closing))
    elif isinstance(after_last, cst.ParenthesizedWhitespace) and isinstance(space, cst.ParenthesizedWhitespace):
        between = space.with_changes(first_line=after_last.first_line)
        arguments[-1] = last.with_changes(
            comma=cst.Comma(whitespace_after=between), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        closing = after_last.with_changes(first_line=cst.TrailingWhitespace(newline=after_last.first_line.newline))
        argument = argument.with_changes(whitespace_after_arg=closing)
    else:
        arguments[-1] = last.with_changes(comma=comma)
        argument = argument.with_changes(comma=trailing)
    return call.with_changes(args=[*arguments, argument])


def _plain(space: Any) -> Any:
    """The same line break without the comment it carries."""
    import libcst as cst

    if isinstance(space, cst.ParenthesizedWhitespace):
        first = cst.TrailingWhitespace(newline=space.first_line.newline)
        return space.with_changes(first_line=first, empty_lines=[])
    return space


def drop_keyword(name: str) -> Edit:
    """Take a keyword argument away."""
    return lambda node: _without(node, lambda n, a: a.keyword is not None and a.keyword.value == name)


def drop_positional(place: int) -> Edit:
    """Take a positional argument away."""
    return lambda node: _without(node, lambda n, a: n == place)


def _without(call: Any, unwanted: Any) -> Any:
    import libcst as cst

    arguments = list(call.args)
    kept = [a for n, a in enumerate(arguments) if not unwanted(n, a)]
    if len(kept) == len(arguments) or not kept:
        return call.with_changes(args=kept)
    last = arguments[-1]
    if unwanted(len(arguments) - 1, last):
        # the new last argument closes the list as the old one did
        kept[-1] = kept[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        if isinstance(last.comma, cst.MaybeSentinel):
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(args=kept)


def rename_keyword(old: str, new: str) -> Edit:
    """``old=x`` → ``new=x`` in a call."""

    def change(node: Any) -> Any:
        arguments = []
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == old:
                argument = argument.with_changes(keyword=argument.keyword.with_changes(value=new))
            arguments.append(argument)
        return node.with_changes(args=arguments)

    return change


def replace_keyword(old: str, new: str, wrap_value: Edit) -> Edit:
    """``old=x`` → ``new=wrap_value(x)`` in place."""

    def change(node: Any) -> Any:
        arguments = []
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == old:
                keyword = argument.keyword.with_changes(value=new)
                argument = argument.with_changes(keyword=keyword, value=wrap_value(argument.value))
            arguments.append(argument)
        return node.with_changes(args=arguments)

    return change


def positional_to_keyword(place: int, name: str, wrap_value: Edit | None = None) -> Edit:
    """The positional argument at ``place`` → ``name=…``."""

    def change(node: Any) -> Any:
        import libcst as cst

        arguments = list(node.args)
        argument = arguments[place]
        equal = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))
        value = wrap_value(argument.value) if wrap_value is not None else argument.value
        arguments[place] = argument.with_changes(keyword=cst.Name(name), equal=equal, value=value)
        return node.with_changes(args=arguments)

    return change


def _spaced(arguments: list[Any]) -> list[Any]:
    import libcst as cst

    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [a.with_changes(comma=comma) if n < len(arguments) - 1 else a for n, a in enumerate(arguments)]
