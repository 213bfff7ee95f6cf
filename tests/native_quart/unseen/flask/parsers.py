import abc
import functools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import copy_current_request_context, current_app, flash, get_flashed_messages, jsonify, make_response, request

REGISTRY = {}
pool = ThreadPoolExecutor(2)


def register(kind):
    def deco(cls):
        REGISTRY[kind] = cls()
        return cls

    return deco


class Parser(abc.ABC):
    @abc.abstractmethod
    def parse(self):
        """The body."""

    def run(self):
        return {"kind": type(self).__name__, "data": self.parse()}

    def accepts(self):
        return False


@register("json")
class JsonParser(Parser):
    def parse(self):
        return request.get_json()

    def accepts(self):
        return request.is_json


@register("form")
class FormParser(Parser):
    def parse(self):
        return request.form.to_dict()

    def accepts(self):
        return bool(request.form)


@register("raw")
class RawParser(Parser):
    def parse(self):
        return request.get_data(as_text=True)


def best():
    for parser in REGISTRY.values():
        if parser.accepts():
            return parser
    return REGISTRY["raw"]


class Form:
    def __init__(self, prefix=""):
        self.prefix = prefix
        self.data = {k.removeprefix(prefix): v for k, v in request.form.items() if k.startswith(prefix)}

    @property
    def files(self):
        return sorted(request.files)

    @functools.cached_property
    def total(self):
        return sum(int(v) for v in request.form.values() if v.isdigit())

    def __getitem__(self, name):
        return request.form[self.prefix + name]

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        for name in request.form:
            yield name

    def __bool__(self):
        return bool(self.data)


@dataclass
class Rule:
    name: str
    check: callable = None
    values: list = field(default_factory=lambda: request.form.getlist("v"))


def not_empty(name):
    return bool(request.form.get(name))


def is_number(name):
    return (request.form.get(name) or "").isdigit()


RULES = [Rule("a", not_empty, []), Rule("b", is_number, [])]
CHECKS = {"a": not_empty, "b": is_number}


def validate():
    return {r.name: r.check(r.name) for r in RULES}


def validate2():
    return [name for name, check in CHECKS.items() if not check(name)]


@contextmanager
def uploaded():
    file = request.files.get("f")
    try:
        yield file
    finally:
        if file:
            file.close()


@functools.singledispatch
def answer(value):
    return make_response(str(value))


@answer.register
def _(value: dict):
    return jsonify(value)


@answer.register
def _(value: list):
    r = make_response(jsonify(value))
    r.headers["X-List"] = "1"
    return r


def names():
    yield from request.form
    yield request.method


def key_of(item):
    return request.form.get(item, "")


def ordered():
    return sorted(request.form, key=key_of)


def mapped():
    return list(map(key_of, request.form))


def threaded():
    @copy_current_request_context
    def work():
        return request.form.get("a")

    return pool.submit(work).result()


def threaded2():
    job = copy_current_request_context(key_of)
    return pool.submit(job, "a").result()


def call_by_name(name):
    return globals()[f"op_{name}"]()


def op_form():
    return request.form.to_dict()


def op_json():
    return request.get_json(silent=True)


class Ops:
    def do_form(self):
        return request.form.to_dict()

    def do_json(self):
        return request.get_json(silent=True)

    def __call__(self, name):
        return getattr(self, f"do_{name}")()


ops = Ops()
partial_key = functools.partial(key_of, "a")


def chain(*functions):
    def run(value):
        for f in functions:
            value = f(value)
        return value

    return run


def with_field(value):
    return [*value, request.form.get("a")]


def with_flash(value):
    flash(f"n={len(value)}")
    return [*value, *get_flashed_messages()]


pipeline = chain(with_field, with_flash)


def recursive(n):
    if n == 0:
        return request.form.get("a")
    return [recursive(n - 1)]


def retry(times, f, *args):
    for _ in range(times):
        try:
            return f(*args)
        except KeyError:
            continue
    return "failed"


def need(name):
    return request.form[name]


class Service:
    current = None

    def __init__(self, reader=None):
        self.reader = reader or self.read

    def read(self):
        return request.form.get("a")

    def load(self):
        return self.reader()

    @classmethod
    def get(cls):
        if cls.current is None:
            cls.current = cls()
        return cls.current

    @staticmethod
    def size():
        return len(request.get_data())
