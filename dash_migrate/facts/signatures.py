"""Which parameters the values passed in a call reach."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dash_migrate.facts.heads import Key
from dash_migrate.facts.scopes import Scope


@dataclass(frozen=True, eq=False)
class Signature:
    """The parameters of a function, or the fields of a record; ``arguments.argument_for`` says what reaches which."""

    #: those that are filled by place, and then those by name alone
    keys: tuple[Key, ...]
    names: tuple[str, ...]
    places: int = 0
    vararg: tuple[Key, ...] = ()
    kwarg: tuple[Key, ...] = ()
    #: how many of the first are filled by Python: ``self``
    bound: int = 0
    #: places are not known: a value may reach any
    loose: bool = False

    @classmethod
    def of(cls, arguments: ast.arguments, scope: Scope, is_bound: bool) -> Signature:
        """The signature of a function with this scope."""
        plain = [*arguments.posonlyargs, *arguments.args]
        names = tuple(a.arg for a in (*plain, *arguments.kwonlyargs))
        return cls(
            tuple((scope, name) for name in names),
            names,
            len(plain),
            ((scope, arguments.vararg.arg),) if arguments.vararg else (),
            ((scope, arguments.kwarg.arg),) if arguments.kwarg else (),
            1 if is_bound else 0,
        )

    @classmethod
    def of_fields(cls, names: tuple[str, ...]) -> Signature:
        """The signature of a record; its fields are attributes."""
        return cls(names, names, loose=True)

    def reached_by(self, call: ast.Call, is_partial: bool = False) -> Iterator[tuple[ast.expr, Iterable[Key]]]:
        """What is passed in a call, with the parameters it may reach.

        Args:
            is_partial: whether some places may have been filled before.
        """
        every = (*self.keys, *self.vararg, *self.kwarg)
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        for place, argument in enumerate(call.args, self.bound):
            if self.loose:
                yield argument, every
            elif starred:
                continue  # nobody knows what goes where
            elif is_partial:
                yield argument, every[min(place - self.bound, self.places) :]
            elif place < self.places:
                yield argument, self.keys[place : place + 1]
            elif self.vararg:
                yield argument, self.vararg
        for keyword in call.keywords:
            if self.loose:
                yield keyword.value, every
            elif keyword.arg is not None and keyword.arg in self.names:
                yield keyword.value, (self.keys[self.names.index(keyword.arg)],)
            elif self.kwarg:
                yield keyword.value, self.kwarg
