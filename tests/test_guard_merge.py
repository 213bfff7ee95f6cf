"""One text out of several: what is the same stays once, what differs stands under a guard, and nothing is lost."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from dash_migrate.fixes.guard.merge import Style, merge
from dash_migrate.fixes.guard.projection import is_same
from dash_migrate.fixes.guard.units import NotMergeable

STYLE = Style("BACKEND", "    ", "\n")


def merged(**texts: str) -> str:
    """Merge, and check that each backend gets what it would have had alone."""
    texts = {name: textwrap.dedent(text).lstrip("\n") for name, text in texts.items()}
    made = merge(texts, STYLE)
    for name, text in texts.items():
        assert is_same(made, text, "BACKEND", name), f"{name} is not what it was:\n{made}"
    return made


HOOK = """
    import os

    from flask import request

    server = app.server  # the server


    # Every visit is counted.
    @server.before_request
    def count():
        visits.add(request.path)


    if __name__ == "__main__":
        app.run()
"""


def twin(text: str) -> str:
    """The same for FastAPI."""
    text = text.replace("\n    from flask import request\n", "\n    from fastapi import Request\n")
    return text.replace("count():", "count(request: Request):").replace("request.path", "request.url.path")


def test_what_differs_is_guarded_and_the_rest_is_not() -> None:
    assert merged(flask=HOOK, fastapi=twin(HOOK), quart=HOOK.replace("from flask", "from quart")) == textwrap.dedent(
        """\
        import os

        if BACKEND == "flask":
            from flask import request
        elif BACKEND == "fastapi":
            from fastapi import Request
        elif BACKEND == "quart":
            from quart import request

        server = app.server  # the server


        # Every visit is counted.
        if BACKEND in ("flask", "quart"):

            @server.before_request
            def count():
                visits.add(request.path)

        elif BACKEND == "fastapi":

            @server.before_request
            def count(request: Request):
                visits.add(request.url.path)


        if __name__ == "__main__":
            app.run()
        """
    )


def test_equal_texts_need_no_guard() -> None:
    assert "BACKEND" not in merged(flask=HOOK, fastapi=HOOK)


def test_a_guard_goes_inside_a_function_with_the_same_head() -> None:
    before = """
        def layout():
            # who is it
            user = session.get("user")
            rows = [
                user,
            ]
            return rows
    """
    made = merged(flask=before, fastapi=before.replace("session.get", "current_request().session.get"))
    assert made == textwrap.dedent(
        """\
        def layout():
            # who is it
            if BACKEND == "flask":
                user = session.get("user")
            elif BACKEND == "fastapi":
                user = current_request().session.get("user")
            rows = [
                user,
            ]
            return rows
        """
    )


def test_what_only_one_backend_has() -> None:
    made = merged(flask="a = 1\nserver.config['X'] = 1\nb = 2\n", fastapi="a = 1\nb = 2\n")
    assert made == "a = 1\nif BACKEND == \"flask\":\n    server.config['X'] = 1\nb = 2\n"


def test_strings_keep_their_lines_and_docstrings_move() -> None:
    before = '''
        def view():
            """One.

            Two.
            """
            return """<p>
        text</p>
            """ + g.x
    '''
    made = merged(flask=before.replace("def view", "@route\ndef view".replace("\n", "\n        ")), fastapi=before)
    assert '        return """<p>\ntext</p>\n    """ + g.x\n' in made
    assert '        """One.\n\n        Two.\n        """\n' in made


SHAPES = [
    "if a:\n    x = OLD\nelif b:\n    y = 1\n    z = OLD\nelse:\n    # why\n    w = 2\n",
    "try:\n    x = OLD\nexcept (A, B) as e:\n    # no\n    y = OLD\nelse:\n    z = 1\nfinally:\n    w = OLD\n",
    "class A(B):\n    '''Doc.'''\n\n    x = 1\n\n    def f(self):\n        return OLD\n\n    def g(self): return OLD\n",
    "with a() as b, c():\n    x = 1\n    y = OLD\n\n# end\nz = 1\n",
    "for i in range(3):\n    for j in i:\n        k = OLD; m = 2\n    n = 1\nelse:\n    o = OLD\n",
    "if OLD:\n    x = 1\n    y = 2\n",
    "async def f():\n    async with a:\n        await OLD\n    async for x in y:\n        x = OLD\n",
    "def f(\n    a,  # first\n    b,\n):\n    # note\n\n    x = (\n        OLD,\n    )\n    return x  # end\n",
    "x = 1; y = OLD\nz = 2\n",
    "@a\n@b(1)\ndef f(): return OLD\n\n\n@c\ndef g():\n    return 1\n",
    "x = OLD",
    "def f():\n\tif a:\n\t\treturn OLD\n\treturn 2\n",
    "x = OLD\n# the end\n",
    "a = '''\nx\n''' + OLD\nb = f'''{OLD}\ny'''\n",
    "while OLD:\n    pass\nlambda: OLD\n",
    "match OLD:\n    case 1:\n        x = 1\n",
    "from a import OLD\n\ntry:\n    import b\nexcept ImportError:\n    b = None\n\nimport c\n\nx = OLD\n",
    "if a:\n    from flask import OLD\nelse:\n    from b import OLD\n",
    "def f():\n    def g():\n        '''d'''\n        return OLD\n    return g\n",
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_statement(shape: str, newline: str) -> None:
    texts = {name: shape.replace("OLD", new).replace("\n", newline) for name, new in
             [("flask", "old"), ("fastapi", "new"), ("quart", "new")]}  # fmt: skip
    made = merge(texts, Style("BACKEND", "\t" if "\t" in shape else "    ", newline))
    for name, text in texts.items():
        assert is_same(made, text, "BACKEND", name), made
    assert newline == "\r\n" or "\r" not in made
    for comment in ("# why", "# no", "# note", "# first", "# end", "# the end"):
        assert (comment in shape) is (comment in made)
    assert made.endswith(newline)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("visits.add", "visits.discard", 1),
        lambda text: text.replace('"flask"', '"quart"', 1),
        lambda text: text.replace("import os\n", ""),
        lambda text: text + "x = 1\n",
    ],
)
def test_the_proof_sees_what_is_lost(spoil: Callable[[str], str]) -> None:
    flask, fastapi = textwrap.dedent(HOOK), textwrap.dedent(twin(HOOK))
    made = spoil(merge({"flask": flask, "fastapi": fastapi}, STYLE))
    assert not is_same(made, flask, "BACKEND", "flask")


def test_form_feeds_are_left_alone() -> None:
    with pytest.raises(NotMergeable):
        merge({"flask": "x = 1\n\fy = 2\n", "fastapi": "x = 2\n\fy = 2\n"}, STYLE)
