"""Where server objects travel in a project, and in which shape each place holds them after the move.

On Flask one object was both the WSGI entry point and the thing with routes and config. Behind the bridge these are
two: the ASGI server and the Flask app. The rules, chosen so that every way to load the app still works:

* ``dash_app.server``, module globals, attributes and what functions return hold the **ASGI** server, for these are
  the names a process manager or another module can reach;
* parameters and locals that are used as Flask apps hold the **Flask** app;
* a global that is also used as a Flask app gets a twin (``server`` → ``flask_server``);
* where a value goes from one shape to the other, ``flask_of()`` or ``asgi_server()`` stands between.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, cast

from dash_migrate.facts.calls import NAMESPACES
from dash_migrate.facts.project import last_name
from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.scopes import Binding, FileIndex, Scope, parent_of, statement_of
from dash_migrate.facts.values import Cls, DashApp, Ext, ExtInst, FlaskApp, Func, Inst, Partial, Record, Server, Value
from dash_migrate.findings.extensions import extension, wsgi_servers, wsgi_wrappers

Shape = Literal["asgi", "flask"]
SlotKey = tuple[str, object, str]

ContextKind = Literal[
    "attribute", "call", "argument", "return", "assign", "default", "container", "neutral", "operand", "walrus"
]


@dataclass
class Use:
    """An expression that is a server, and the context it stands in."""

    file: FileIndex
    node: ast.expr
    scope: Scope
    kind: ContextKind
    #: the attribute, call or assignment statement of the context
    owner: ast.AST | None
    #: the direct child of ``owner`` through which the value goes
    through: ast.AST
    #: whether the node itself is that child (no tuple, condition … between)
    direct: bool = True
    #: whether it is a member of a tuple, list or dict there
    member: bool = False


@dataclass
class Slot:
    """A name that holds servers."""

    key: SlotKey
    file: FileIndex
    name: str
    bindings: list[Binding]
    uses: list[Use] = field(default_factory=list)
    shape: Shape = "asgi"
    #: the second name, for a global that is used as a Flask app too
    twin: str = ""


_CONTAINERS = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def context_of(node: ast.expr) -> tuple[ContextKind, ast.AST | None, ast.AST, bool, bool]:
    """The context an expression stands in: kind, owner, the child of the owner, directness, membership."""
    child: ast.AST = node
    direct, member = True, False
    parent = parent_of(node)
    while parent is not None:
        if isinstance(parent, ast.Attribute):
            return "attribute", parent, child, direct, member
        if isinstance(parent, ast.Call):
            return ("call" if child is parent.func else "argument"), parent, child, direct, member
        if isinstance(parent, (ast.Return, ast.Yield)) or (isinstance(parent, ast.Lambda) and child is parent.body):
            return "return", parent, child, direct, member
        if isinstance(parent, (ast.Assign, ast.AnnAssign)):
            return "assign", parent, child, direct, member
        if isinstance(parent, ast.arguments):
            return "default", parent, child, direct, member
        if isinstance(parent, ast.keyword):
            child, parent = parent, parent_of(parent)
            continue
        if isinstance(parent, (ast.IfExp, ast.BoolOp)):
            if isinstance(parent, ast.IfExp) and child is parent.test:
                return "neutral", parent, child, direct, member
            direct = False
        elif isinstance(parent, ast.NamedExpr):
            return "walrus", parent, child, direct, member
        elif isinstance(parent, (ast.Await, ast.Starred)):
            direct = False
        elif isinstance(parent, _CONTAINERS):
            direct, member = False, True
        elif isinstance(parent, ast.Subscript) and child is parent.value:
            return "operand", parent, child, direct, member
        else:
            return "neutral", parent, child, direct, member
        child, parent = parent, parent_of(parent)
    return "neutral", None, child, direct, member


class Flow:
    """The servers of the apps that move, followed through a project."""

    def __init__(self, facts: Facts, apps: list[App]) -> None:
        self.facts = facts
        self.apps = apps
        self.evaluator = facts.project.evaluator
        self.moving: set[Value] = {s for app in apps for s in app.servers if isinstance(s, (Server, FlaskApp))}
        self.slots: dict[SlotKey, Slot] = {}
        self.uses: list[Use] = []
        self.composites: set[ast.AST] = set()
        self._collect()
        self._choose_shapes()

    # --- what is a server

    def is_moving(self, value: Value) -> bool:
        """Whether a value is a server that moves."""
        if value in self.moving:
            return True
        if isinstance(value, Server):
            return any(self.evaluator.objects.same_object(value.app, app.value) for app in self.apps) or not _is_made(
                value
            )
        return False

    def holds_server(self, node: ast.AST) -> bool:
        """Whether an expression is such a server."""
        return any(self.is_moving(v) for v in self.facts.values.get(node, ()))

    def _collect(self) -> None:
        for name, references in self.facts.references.items():
            file = self.facts.project.files[name]
            for reference in references:
                node = reference.node
                if any(self.is_moving(v) for v in reference.values):
                    self._add(Use(file, node, reference.scope, *context_of(node)))
        self._find_composites()

    def _find_composites(self) -> None:
        """WSGI callables that are made around a server: what they make is served like a server."""
        for use in list(self.uses):
            for call, outer in self._around(use):
                if call in self.composites:
                    continue
                self.composites.add(call)
                self._add(Use(outer.file, call, outer, *context_of(call)))
                for binding in self._bound_to(call, outer):
                    for scope in outer.file.scopes:
                        for load in scope.loads.get(binding.name, ()):
                            if scope.owner_of(binding.name) is binding.scope.function:
                                self.composites.add(load)
                                self._add(Use(outer.file, load, scope, *context_of(load)))
                for file, read, scope in self._read_from_attributes(call, outer):
                    self.composites.add(read)
                    self._add(Use(file, read, scope, *context_of(read)))

    def _read_from_attributes(self, call: ast.Call, outer: Scope) -> Iterator[tuple[FileIndex, ast.expr, Scope]]:
        """Where what a call makes, which an attribute holds, gets a name: ``application = desk.pool``."""
        statement = parent_of(call)
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        made = self.evaluator.eval(call, outer)
        for attr in {target.attr for target in targets if isinstance(target, ast.Attribute)}:
            for file in self.facts.project.files.values():
                for node, scope in file.attributes.get(attr, ()):
                    bound = parent_of(node)
                    is_named = isinstance(bound, ast.Assign) and bound.value is node
                    if is_named and made & self.evaluator.eval(node, scope) and self._is_worked_with(attr):
                        yield file, node, scope

    def _makes_wsgi(self, call: ast.Call, scope: Scope) -> bool:
        for value in self.evaluator.eval(call.func, scope):
            if isinstance(value, Ext) and value.dotted in wsgi_wrappers():
                return True
            if isinstance(value, Cls) and self._is_wsgi(value):
                return True
        return False

    def _is_wsgi(self, cls: Cls) -> bool:
        """Whether instances of a class can be called as WSGI apps."""
        for method in self.evaluator.objects.methods(cls, "__call__", None):
            names = [a.arg for a in method.node.args.args]
            if len(names) >= 3 and names[1].startswith("env"):
                return True
        return False

    def _around(self, use: Use) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls that make a WSGI app which has this server inside: by taking it, or by using it in its class."""
        if use.kind == "argument" and isinstance(use.owner, ast.Call) and self._makes_wsgi(use.owner, use.scope):
            yield use.owner, use.scope
        inner = use.scope.enclosing_class
        if inner is not None and isinstance(inner.node, ast.ClassDef):
            cls = Cls(inner.file, inner.node, inner.parent or inner.file.module)
            if self._is_wsgi(cls):
                yield from self.facts.project.instantiations(cls)

    def _bound_to(self, call: ast.Call, scope: Scope) -> Iterator[Binding]:
        for bindings in scope.function.bindings.values():
            for binding in bindings:
                if binding.value is call:
                    yield binding

    def _add(self, use: Use) -> None:
        self.uses.append(use)
        slot = self.slot_of(use.node, use.scope)
        if slot is not None:
            slot.uses.append(use)
        if use.kind == "walrus":  # the value goes into the name, and on
            assert isinstance(use.owner, ast.NamedExpr)
            self._add(Use(use.file, use.owner, use.scope, *context_of(use.owner)))

    # --- slots

    def slot_of(self, node: ast.AST, scope: Scope) -> Slot | None:
        """The slot a name is read from (or, for ``name := …``, goes through)."""
        if isinstance(node, ast.NamedExpr):
            return self._target_slot(node.target.id, scope)
        if not isinstance(node, ast.Name):
            return None
        owner = scope.owner_of(node.id)
        if owner is None or owner.kind == "class":
            return None
        return self._slot(owner, node.id)

    def _slot(self, owner: Scope, name: str) -> Slot:
        key: SlotKey = ("module" if owner.kind == "module" else "local", owner, name)
        if key not in self.slots:
            self.slots[key] = Slot(key, owner.file, name, owner.bindings.get(name, []))
        return self.slots[key]

    def slot_for_binding(self, binding: Binding) -> Slot:
        """The slot a binding fills."""
        owner = binding.scope.function
        if binding.name in owner.globals:
            owner = binding.scope.file.module
        return self._slot(owner, binding.name)

    def parameter_slot(self, function: Func, argument: ast.arg) -> Slot | None:
        """The slot of a function's parameter."""
        scope = function.file.scope_of_node.get(function.node)
        if scope is None or argument.arg not in scope.bindings:
            return None
        return self._slot(scope, argument.arg)

    # --- shapes

    def _choose_shapes(self) -> None:
        changed = True
        while changed:
            changed = False
            for slot in list(self.slots.values()):
                if slot.shape == "asgi" and self._wants_flask(slot) and self._can_hold_flask(slot):
                    slot.shape = "flask"
                    changed = True
                elif slot.key[0] == "module" and not slot.twin and self._wants_flask(slot) and self.can_have_twin(slot):
                    self.give_twin(slot)
                    changed = True

    def _wants_flask(self, slot: Slot) -> bool:
        return any(self.wanted(use) == "flask" for use in slot.uses)

    def _can_hold_flask(self, slot: Slot) -> bool:
        """Parameters and locals that are bound by plain assignments can hold the Flask app."""
        if slot.key[0] != "local":
            return False
        for binding in slot.bindings:
            if binding.kind == "param":
                arguments = parent_of(binding.node)
                if isinstance(arguments, ast.arguments) and binding.node in (
                    arguments.vararg,
                    arguments.kwarg,
                ):
                    return False
            elif binding.kind != "assign" or binding.path:
                return False
        return True

    def can_have_twin(self, slot: Slot, seen: frozenset[SlotKey] = frozenset()) -> bool:
        """Whether a second global can be bound wherever the first is."""
        if slot.key in seen or slot.key[0] != "module":
            return False
        module = slot.file.module
        for binding in slot.bindings:
            if binding.scope.function is not module:
                return False
            if binding.kind == "from":
                exporters = self._exporters(binding)
                if not exporters or not all(self.can_have_twin(e, seen | {slot.key}) for e in exporters):
                    return False
            elif binding.kind != "assign" or not isinstance(binding.node, (ast.Assign, ast.AnnAssign)):
                return False
        return bool(slot.bindings)

    def _exporters(self, binding: Binding) -> list[Slot]:
        """The slots of other modules that an import reads."""
        found = []
        for file in self.facts.project.imported_modules(binding.scope.file, binding):
            if binding.attr in file.module.bindings:
                found.append(self._slot(file.module, binding.attr))
                break
        return found

    def give_twin(self, slot: Slot) -> None:
        """Name the twin of a global, here and where it is imported from."""
        if slot.twin:
            return
        slot.twin = self._twin_name(slot)
        for binding in slot.bindings:
            if binding.kind == "from":
                for exporter in self._exporters(binding):
                    self.give_twin(exporter)

    def _twin_name(self, slot: Slot) -> str:
        prefix = "wsgi_" if slot.name.startswith("flask") or self._is_composite(slot) else "flask_"
        if slot.name.isupper():
            prefix = prefix.upper()
        name = prefix + slot.name.lstrip("_")
        taken = {n for scope in slot.file.scopes for n in (*scope.bindings, *scope.loads)}
        while name in taken:
            name += "_"
        return name

    def _is_composite(self, slot: Slot) -> bool:
        return any(use.node in self.composites for use in slot.uses)

    def wanted(self, use: Use) -> Shape | None:
        """The shape a context wants; None where any will do."""
        if use.kind in ("call", "operand"):
            return "flask"
        if use.kind == "attribute":
            attribute = use.owner
            assert isinstance(attribute, ast.Attribute)
            call = parent_of(attribute)
            started = attribute.attr == "run" and isinstance(call, ast.Call) and call.func is attribute
            return None if started and not self._has_own_run(use) else "flask"
        if use.kind == "return":
            return "asgi"
        if use.kind == "argument":
            return self._wanted_by_call(use)
        if use.kind == "assign":
            return self._wanted_by_assignment(use)
        if use.kind == "default":
            return self._wanted_by_default(use)
        if use.kind == "walrus":
            slot = self.slot_of(cast("ast.AST", use.owner), use.scope)
            return slot.shape if slot is not None else None
        return None

    def _wanted_by_default(self, use: Use) -> Shape | None:
        """``def mount(path, server=server)``."""
        arguments = cast("ast.arguments", use.owner)
        scope = use.file.scope_of_node.get(parent_of(arguments) or arguments)
        plain = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
        pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
        argument = next((a for a, default in pairs if default is use.through), None)
        if scope is None or argument is None or use.member:
            return None
        return self._slot(scope, argument.arg).shape

    def _has_own_run(self, use: Use) -> bool:
        values = self.evaluator.eval(use.node, use.scope)
        return any(isinstance(v, Inst) and self.evaluator.objects.methods(v.cls, "run", v) for v in values)

    def _wanted_by_assignment(self, use: Use) -> Shape | None:
        statement = use.owner
        assert isinstance(statement, (ast.Assign, ast.AnnAssign))
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        shapes: set[Shape] = set()
        for target in targets:
            if use.node in self.composites and isinstance(target, ast.Attribute) and self._is_worked_with(target.attr):
                return None
            if isinstance(target, ast.Name) and not use.member:
                slot = self._target_slot(target.id, use.scope)
                if slot.key[0] == "local":
                    shapes.add(slot.shape)
                    continue
            shapes.add("flask" if self._is_flask_attribute(target) else "asgi")
        return shapes.pop() if len(shapes) == 1 else "asgi"

    def _is_worked_with(self, attr: str) -> bool:
        """Whether code uses attributes of what an attribute holds: an object of the project's own, not only served."""
        return any(
            isinstance(parent_of(node), ast.Attribute)
            for file in self.facts.project.files.values()
            for node, _ in file.attributes.get(attr, ())
        )

    def _is_flask_attribute(self, target: ast.expr) -> bool:
        """``server.wsgi_app``, ``flask_app.X``: what is stored there is for Flask."""
        return isinstance(target, ast.Attribute) and (target.attr == "wsgi_app" or self.holds_server(target.value))

    def _target_slot(self, name: str, scope: Scope) -> Slot:
        owner = scope.function
        if name in owner.globals:
            owner = scope.file.module
        return self._slot(owner, name)

    def _wanted_by_call(self, use: Use) -> Shape | None:
        call = use.owner
        assert isinstance(call, ast.Call)
        for app in self.facts.apps:
            if any(c is call for c, _ in app.constructors):
                return None
        name = last_name(call.func)
        values = self.evaluator.eval(call.func, use.scope)
        if name == "init_app" and isinstance(call.func, ast.Attribute):
            owners = self.evaluator.eval(call.func.value, use.scope)
            if any(isinstance(v, DashApp) for v in owners):
                return "asgi"
        shapes: set[Shape | None] = set()
        for value in values:
            inner = value.target if isinstance(value, Partial) else value
            if isinstance(inner, Record):
                shapes.add("asgi")
            elif isinstance(inner, (Func, Cls)):
                shapes.add(self._wanted_by_parameter(inner, call, use))
        if shapes:
            return "flask" if "flask" in shapes else shapes.pop()
        for value in values:
            if isinstance(value, Partial):
                return None
            if isinstance(value, Ext):
                if value.dotted in NAMESPACES:
                    return "asgi"
                if value.dotted.startswith("builtins."):
                    plain = value.dotted[9:]
                    if plain in ("dict", "list", "tuple", "set"):
                        return "asgi"
                    return "flask" if plain in ("isinstance", "hasattr", "getattr", "setattr", "vars", "dir") else None
                if value.dotted in wsgi_servers():
                    return "flask"
                row = extension(value.dotted)
                if row is not None and row.get("takes") == "asgi":
                    return "asgi"
        return "flask"

    def _wanted_by_parameter(self, value: Value, call: ast.Call, use: Use) -> Shape | None:
        if isinstance(value, Cls):
            makers = self.evaluator.objects.methods(value, "__init__", Inst(value))
            if not makers:
                return "asgi" if self.evaluator.objects.fields(value) else "flask"
            value = makers[0]
        assert isinstance(value, Func)
        if use.member:
            return "asgi"
        argument = parameter_for(value, call, use.through)
        if argument is None:
            return "asgi"
        slot = self.parameter_slot(value, argument)
        return slot.shape if slot is not None else "asgi"

    def carried(self, use: Use) -> Shape:
        """The shape in which an expression gives its server."""
        node = use.node
        if isinstance(node, (ast.Name, ast.NamedExpr)):
            slot = self.slot_of(node, use.scope)
            return slot.shape if slot is not None else "asgi"
        if node in self.composites:
            return "flask"
        if isinstance(node, ast.Call):
            values = self.facts.values.get(node, ())
            if any(isinstance(v, FlaskApp) and v.site.node is node for v in values):
                return "flask"
        return "asgi"

    @cached_property
    def external_app_uses(self) -> list[tuple[FileIndex, ast.expr]]:
        """Dash apps that are handed to packages which may take ``app.server`` for a Flask app."""
        from dash_migrate.findings.extensions import is_neutral

        found = []
        for name, references in self.facts.references.items():
            file = self.facts.project.files[name]
            for reference in references:
                apps = [v for v in reference.values if isinstance(v, DashApp)]
                if not apps or isinstance(reference.node, ast.Call):
                    continue
                if not any(self.evaluator.objects.same_object(v, a.value) for v in apps for a in self.apps):
                    continue
                kind, owner, _, direct, _ = context_of(reference.node)
                if kind != "argument" or not direct or not isinstance(owner, ast.Call):
                    continue
                dotted = self._external_callee(owner, reference.scope)
                if dotted is None or dotted.split(".")[0] in ("flask", "werkzeug"):
                    continue
                if not is_neutral(dotted) and dotted not in wsgi_servers():
                    found.append((file, reference.node))
        return found

    def _external_callee(self, call: ast.Call, scope: Scope) -> str | None:
        if isinstance(call.func, ast.Attribute):
            for value in self.evaluator.eval(call.func.value, scope):
                if isinstance(value, ExtInst):
                    return value.dotted
        values = self.evaluator.eval(call.func, scope)
        if any(isinstance(v, (Func, Cls, DashApp, Partial)) for v in values):
            return None
        return next((v.dotted for v in values if isinstance(v, Ext)), None)


def _is_made(value: Server) -> bool:
    """Whether the app of a server is made at a call we know (and not only declared by an annotation)."""
    return isinstance(value.app.site.node, ast.Call)


def parameter_for(function: Func, call: ast.Call, passed: ast.AST) -> ast.arg | None:
    """The parameter that receives an argument of a call."""
    arguments = function.node.args
    if isinstance(passed, ast.keyword):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        return next((a for a in every if a.arg == passed.arg), None)
    plain = [*arguments.posonlyargs, *arguments.args]
    outer = function.file.scope_of_node.get(function.node)
    if function.owner is not None or (
        outer and outer.parent and outer.parent.kind == "class" and not _static(function)
    ):
        plain = plain[1:]
    if passed in call.args:
        place = call.args.index(passed)
        return plain[place] if place < len(plain) else None
    return None


def _static(function: Func) -> bool:
    return any(last_name(d) == "staticmethod" for d in getattr(function.node, "decorator_list", ()))


def statement_targets(node: ast.AST) -> list[ast.expr]:
    """The targets of the assignment a node stands in."""
    statement = statement_of(node)
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []
