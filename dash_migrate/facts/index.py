"""Indexes one file: one walk over its syntax tree that notes scopes, bindings and uses."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from dash_migrate.facts.scopes import Binding, BindingKind, Block, FileIndex, Scope, ScopeKind

_Work = tuple[ast.AST, Scope, Block]


def _kinds(base: type) -> list[type]:
    return [base, *base.__subclasses__()]


#: classes of values in which nothing of interest lies
_LEAVES = frozenset(
    [type(None), str, int, bool, ast.Constant, ast.TypeIgnore]
    + [kind for base in (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop) for kind in _kinds(base)]
)
#: fields that hold such values only
_PLAIN = frozenset(
    ["ctx", "op", "ops", "id", "attr", "arg", "kind", "conversion", "is_async", "simple", "type_comment"]
)
#: by type: its other fields, the last one first (filled as types are met)
_FIELDS: dict[type, tuple[str, ...]] = {}


def index_file(path: Path, display: str, tree: ast.Module) -> FileIndex:
    """Index a parsed file. Iterative, so that depth of nesting is no matter."""
    index = FileIndex(path, display, tree)
    index.module = Scope("module", tree, None, index)
    index.scopes.append(index.module)
    index.scope_of_node[tree] = index.module
    _Walker(index).run()
    return index


def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a node in which others may lie, the last one first."""
    fields = _FIELDS[kind] = tuple(name for name in reversed(kind._fields) if name not in _PLAIN)
    return fields


class _Walker:
    def __init__(self, index: FileIndex) -> None:
        self.index = index
        self.stack: list[_Work] = []

    def run(self) -> None:
        index = self.index
        self.push_all(index.tree, index.tree.body, index.module, index.module.block)
        handlers = {
            ast.Name: self.name,
            ast.Attribute: self.attribute,
            ast.Call: self.call,
            ast.Subscript: self.subscript,
            ast.FunctionDef: self.function,
            ast.AsyncFunctionDef: self.function,
            ast.Lambda: self.function,
            ast.ClassDef: self.class_def,
            ast.Import: self.import_,
            ast.ImportFrom: self.import_from,
            ast.Assign: self.assign,
            ast.AnnAssign: self.ann_assign,
            ast.AugAssign: self.aug_assign,
            ast.NamedExpr: self.named_expr,
            ast.For: self.for_,
            ast.AsyncFor: self.for_,
            ast.With: self.with_,
            ast.AsyncWith: self.with_,
            ast.If: self.branches,
            ast.While: self.branches,
            ast.Try: self.branches,
            ast.ExceptHandler: self.except_handler,
            ast.ListComp: self.comprehension,
            ast.SetComp: self.comprehension,
            ast.GeneratorExp: self.comprehension,
            ast.DictComp: self.comprehension,
            ast.Global: self.global_,
            ast.Nonlocal: self.nonlocal_,
            ast.Return: self.return_,
            ast.Yield: self.return_,
        }
        for late in ("TryStar", "Match"):
            if hasattr(ast, late):
                handlers[getattr(ast, late)] = self.branches
        stack = self.stack
        pop, find, push_children = stack.pop, handlers.get, self.push_children
        while stack:
            node, scope, block = pop()
            find(node.__class__, push_children)(node, scope, block)

    # --- pushing

    def push(self, parent: ast.AST, child: ast.AST | None, scope: Scope, block: Block) -> None:
        if child.__class__ not in _LEAVES:
            child._parent = parent  # type: ignore[union-attr]
            self.stack.append((child, scope, block))  # type: ignore[arg-type]

    def push_all(self, parent: ast.AST, children: list[Any], scope: Scope, block: Block) -> None:
        for child in reversed(children):
            self.push(parent, child, scope, block)

    def push_children(self, node: Any, scope: Scope, block: Block) -> None:
        stack = self.stack
        kind = node.__class__
        for name in _FIELDS.get(kind) or _fields_of(kind):
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in reversed(value):
                    if item.__class__ not in _LEAVES:
                        item._parent = node
                        stack.append((item, scope, block))
            elif value.__class__ not in _LEAVES:
                value._parent = node  # type: ignore[union-attr]
                stack.append((value, scope, block))  # type: ignore[arg-type]

    # --- expressions

    def name(self, node: Any, scope: Scope, block: Block) -> None:
        if node.ctx.__class__ is ast.Load:
            node._block = block
            node._scope = scope
            known = scope.loads.get(node.id)
            if known is None:
                scope.loads[node.id] = [node]
            else:
                known.append(node)

    def attribute(self, node: Any, scope: Scope, block: Block) -> None:
        node._scope = scope
        known = self.index.attributes.get(node.attr)
        if known is None:
            self.index.attributes[node.attr] = [(node, scope)]
        else:
            known.append((node, scope))
        value = node.value
        if value.__class__ not in _LEAVES:
            value._parent = node
            self.stack.append((value, scope, block))

    def call(self, node: Any, scope: Scope, block: Block) -> None:
        node._scope = scope
        self.index.calls.append((node, scope))
        self.push_children(node, scope, block)

    def subscript(self, node: Any, scope: Scope, block: Block) -> None:
        if isinstance(node.ctx, ast.Load):
            self.index.subscripts.append((node, scope))
        self.push_children(node, scope, block)

    def named_expr(self, node: Any, scope: Scope, block: Block) -> None:
        self.bind_target(node.target, node.value, (), scope.function, block, node, "assign")
        self.push_children(node, scope, block)

    def comprehension(self, node: Any, scope: Scope, block: Block) -> None:
        inner = self.new_scope("comprehension", node, scope)
        inner.block = Block(block, node)
        for generator in node.generators:
            generator._parent = node
            self.bind_target(generator.target, generator.iter, (), inner, inner.block, generator.target, "for")
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.push_all(node, results, inner, inner.block)
        for number, generator in reversed(list(enumerate(node.generators))):
            self.push_all(generator, generator.ifs, inner, inner.block)
            self.push(generator, generator.iter, scope if number == 0 else inner, block)

    # --- definitions

    def new_scope(self, kind: ScopeKind, node: ast.AST, parent: Scope) -> Scope:
        scope = Scope(kind, node, parent, self.index)
        self.index.scopes.append(scope)
        self.index.scope_of_node[node] = scope
        return scope

    def function(self, node: Any, scope: Scope, block: Block) -> None:
        inner = self.new_scope("function", node, scope)
        arguments = node.args
        arguments._parent = node
        every = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        if isinstance(node, ast.Lambda):
            inner.returns.append(node.body)
            self.push(node, node.body, inner, inner.block)
        else:
            self.bind(Binding("def", node.name, node, scope, block), scope)
            self.push_all(node, node.body, inner, inner.block)
            self.push(node, node.returns, scope, block)
            for argument in every:
                if argument is not None and argument.annotation is not None:
                    self.push(argument, argument.annotation, scope, block)
        for argument in every:
            if argument is not None:
                argument._parent = arguments
                self.bind(Binding("param", argument.arg, argument, inner, inner.block), inner)
        self.push_all(arguments, [*arguments.defaults, *[d for d in arguments.kw_defaults if d]], scope, block)
        if not isinstance(node, ast.Lambda):
            self.push_all(node, node.decorator_list, scope, block)

    def class_def(self, node: Any, scope: Scope, block: Block) -> None:
        self.bind(Binding("class", node.name, node, scope, block), scope)
        self.index.classes.append((node, scope))
        inner = self.new_scope("class", node, scope)
        inner.block = Block(block, node)
        self.push_all(node, node.body, inner, inner.block)
        self.push_all(node, node.keywords, scope, block)
        self.push_all(node, node.bases, scope, block)
        self.push_all(node, node.decorator_list, scope, block)

    # --- statements

    def import_(self, node: Any, scope: Scope, block: Block) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.split(".")[0]
            module = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind(Binding("import", bound, node, scope, block, module=module, attr=alias.name), scope)

    def import_from(self, node: Any, scope: Scope, block: Block) -> None:
        for alias in node.names:
            kind: BindingKind = "star" if alias.name == "*" else "from"
            binding = Binding(kind, alias.asname or alias.name, node, scope, block)
            binding.module, binding.attr, binding.level = node.module or "", alias.name, node.level
            self.bind(binding, scope)

    def assign(self, node: Any, scope: Scope, block: Block) -> None:
        for target in node.targets:
            self.bind_target(target, node.value, (), scope, block, node, "assign")
        self.push_children(node, scope, block)

    def ann_assign(self, node: Any, scope: Scope, block: Block) -> None:
        if node.value is not None:
            self.bind_target(node.target, node.value, (), scope, block, node, "assign")
        self.push_children(node, scope, block)

    def aug_assign(self, node: Any, scope: Scope, block: Block) -> None:
        self.push_children(node, scope, block)

    def for_(self, node: Any, scope: Scope, block: Block) -> None:
        inner = Block(block, node)
        self.bind_target(node.target, node.iter, (), scope, inner, node, "for")
        self.push_all(node, node.orelse, scope, Block(block, node))
        self.push_all(node, node.body, scope, inner)
        self.push(node, node.target, scope, block)
        self.push(node, node.iter, scope, block)

    def with_(self, node: Any, scope: Scope, block: Block) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, item.context_expr, (), scope, block, node, "with")
        self.push_children(node, scope, block)

    def branches(self, node: Any, scope: Scope, block: Block) -> None:
        for name in reversed(node._fields):
            value: Any = getattr(node, name, None)
            if name in ("body", "orelse", "handlers"):
                self.push_all(node, value, scope, Block(block, node))
            elif name == "cases":
                for case in reversed(value):
                    case._parent = node
                    inner = Block(block, node)
                    self.push_all(case, case.body, scope, inner)
                    self.push(case, case.guard, scope, inner)
            elif isinstance(value, list):
                self.push_all(node, value, scope, block)
            elif isinstance(value, ast.AST):
                self.push(node, value, scope, block)

    def except_handler(self, node: Any, scope: Scope, block: Block) -> None:
        inner = Block(block, node)
        if node.name:
            self.bind(Binding("except", node.name, node, scope, inner), scope)
        self.index.handlers.append((node, scope))
        self.push_all(node, node.body, scope, inner)
        self.push(node, node.type, scope, block)

    def global_(self, node: Any, scope: Scope, block: Block) -> None:
        scope.function.globals.update(node.names)

    def nonlocal_(self, node: Any, scope: Scope, block: Block) -> None:
        scope.function.nonlocals.update(node.names)

    def return_(self, node: Any, scope: Scope, block: Block) -> None:
        if node.value is not None:
            scope.function.returns.append(node.value)
        self.push_children(node, scope, block)

    # --- binding

    def bind(self, binding: Binding, scope: Scope) -> None:
        owner = scope.function
        if binding.name in owner.globals:
            owner = self.index.module
        elif binding.name in owner.nonlocals and owner.parent is not None:
            owner = owner.parent.owner_of(binding.name) or owner
        elif scope.kind == "comprehension" and binding.kind == "for":
            owner = scope
        owner.bindings.setdefault(binding.name, []).append(binding)

    def bind_target(
        self,
        target: ast.expr,
        value: ast.expr,
        path: tuple[int, ...],
        scope: Scope,
        block: Block,
        node: ast.AST,
        kind: BindingKind,
    ) -> None:
        if isinstance(target, ast.Name):
            self.bind(Binding(kind, target.id, node, scope, block, value, path), scope)
        elif isinstance(target, (ast.Tuple, ast.List)):
            after_star = False
            for number, element in enumerate(target.elts):
                after_star = after_star or isinstance(element, ast.Starred)
                place = -1 if after_star else number
                inner = element.value if isinstance(element, ast.Starred) else element
                self.bind_target(inner, value, (*path, place), scope, block, node, kind)
        elif isinstance(target, ast.Attribute):
            target._bound = (kind, value, path, node)  # type: ignore[attr-defined]
        elif isinstance(target, ast.Subscript):
            self.index.item_stores.append((target, value, scope))
