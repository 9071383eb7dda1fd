"""The plan of the house, read from the syntax tree: arrows between rooms, sizes, what is never written, what an
import may do, what the documents must name."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "callbacks", "layouts", "data", "geo")  # an arrow may go to the right only
MODULE_LINES, FUNCTION_LINES, CALLBACK_LINES = 300, 40, 15
# Longer than the rule, each with its reason. Keep it short.
LONG_MODULES = {
    "data/schema.py": "one table after another: the store at a glance",
}
LONG_FUNCTIONS: dict[str, str] = {}
EMPTY_NAMES = {"info", "utils", "util", "helper", "helpers", "manager", "process", "common", "misc"}


def modules() -> list[Path]:
    """Every module of the program; migrations are scripts that Alembic runs."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return [ROOT / "app.py", *(path for path in sorted(found) if "migrations" not in path.parts)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


each_module = pytest.mark.parametrize("path", modules(), ids=name_of)


def imported(tree: ast.Module) -> Iterator[str]:
    """Full names of all modules a tree imports, also inside functions and for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def backward(room: str, tree: ast.Module) -> list[str]:
    """Imports of a room to the left, and relative ones, which would hide the arrow."""
    left = ROOMS[: ROOMS.index(room)]
    return [name for name in imported(tree) if name.split(".")[0] in left or name.startswith(".")]


@each_module
def test_arrows_never_go_back(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert backward(room, tree_of(path)) == []


def test_a_backward_arrow_is_seen():
    assert backward("geo", ast.parse("def f():\n    from data.store import Store")) == ["data.store"]
    assert backward("data", ast.parse("import geo.crs, layouts.ids")) == ["layouts.ids"]
    assert backward("callbacks", ast.parse("from app import app")) == ["app"]


@each_module
def test_each_room_knows_only_its_own_trade(path):
    banned = {
        "geo": ("sqlalchemy", "dash", "plotly", "fastapi"),
        "data": ("dash", "plotly", "fastapi", "starlette", "uvicorn"),
        "layouts": ("sqlalchemy", "plotly", "sqlite3", "fastapi"),
        "callbacks": ("plotly",),
        "app": ("plotly",),
    }
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert [name for name in imported(tree_of(path)) if name.split(".")[0] in banned[room]] == []


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@each_module
def test_modules_and_functions_are_short(path):
    name = name_of(path)
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MODULE_LINES or name in LONG_MODULES, f"{lines} lines"
    long = [f"{name}:{node.name}" for node in functions(tree_of(path)) if length(node) > FUNCTION_LINES]
    assert [entry for entry in long if entry not in LONG_FUNCTIONS and not registers(entry)] == []


def registers(entry: str) -> bool:
    """`register` of a callbacks module only holds the short callbacks themselves."""
    return entry.startswith("callbacks/") and entry.endswith(":register")


def test_the_lists_of_exceptions_are_not_outdated():
    for name in LONG_MODULES:
        assert (ROOT / name).read_text(encoding="utf-8").count("\n") > MODULE_LINES, name
    for entry in LONG_FUNCTIONS:
        path, _, function = entry.partition(":")
        found = [node for node in functions(tree_of(ROOT / path)) if node.name == function]
        assert any(length(node) > FUNCTION_LINES for node in found), entry


def is_callback(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return any(isinstance(call, ast.Attribute) and call.attr == "callback" for call in calls)


@each_module
def test_callbacks_are_short_and_only_inside_a_function(path):
    tree = tree_of(path)
    inner = {node for outer in functions(tree) for node in functions(outer) if node is not outer}
    found = [node for node in functions(tree) if is_callback(node)]
    assert [node.name for node in found if node not in inner] == []
    assert [node.name for node in found if length(node) > CALLBACK_LINES] == []
    names = [
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert "callback" not in names or path.name == "policies.py"


def literal_ids(tree: ast.Module) -> list[str]:
    """Component ids written as text where `layouts/ids.py` should be named."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "tag":  # plain HTML of the sign-in page, no component
            continue
        values = [word.value for word in node.keywords if word.arg in ("id", "component_id")]
        if name in ("Input", "Output", "State"):
            values += node.args[:1]
        found += [
            ast.unparse(value)
            for value in values
            if isinstance(value, ast.Constant | ast.JoinedStr | ast.Dict)
        ]
    return found


@each_module
def test_ids_come_from_one_module(path):
    if path.parts[-2] in ("layouts", "callbacks") and path.name != "ids.py":
        assert literal_ids(tree_of(path)) == []


def test_a_written_id_is_seen():
    assert literal_ids(ast.parse("html.Div(id='x')")) == ["'x'"]
    assert literal_ids(ast.parse("Output('x', 'children')")) == ["'x'"]
    assert literal_ids(ast.parse("Input({'type': 'x', 'at': ALL}, 'value')")) != []
    assert literal_ids(ast.parse("html.Div(id=ids.Map.GRAPH)")) == []


def test_ids_are_unique():
    texts = [
        node.value.value
        for node in ast.walk(tree_of(ROOT / "layouts/ids.py"))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    assert len(texts) == len(set(texts)) > 10


# What is never written

BANNED_CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
BANNED_METHODS = {"eval", "read_pickle", "to_pickle", "system", "popen"}
BANNED_MODULES = ("pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "lxml", "yaml", "plotly")


def faults(tree: ast.AST) -> list[str]:
    """Constructs that run text as code, unpickle, open a shell, build SQL from text, or hide a failure."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found.append("global")
        elif isinstance(node, ast.ExceptHandler):
            found += hides(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [name for name in imported(ast.Module([node], [])) if is_banned(name, node)]
        elif isinstance(node, ast.Call):
            found += call_faults(node)
    return found


def is_banned(module: str, node: ast.Import | ast.ImportFrom) -> bool:
    """XML is parsed by defusedxml only; the names of its types are free."""
    if module == "xml.etree.ElementTree" and isinstance(node, ast.ImportFrom):
        return not {alias.name for alias in node.names} <= {"Element", "ParseError"}
    return module.split(".")[0] in (*BANNED_MODULES, "xml")


def hides(node: ast.ExceptHandler) -> list[str]:
    """A bare except, or one that catches everything and does nothing."""
    if node.type is None:
        return ["bare except"]
    silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
    wide = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
    return ["silent except"] if wide and silent else []


def call_faults(node: ast.Call) -> list[str]:
    """Faults of one call."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    method = isinstance(node.func, ast.Attribute)
    found = []
    if (not method and name in BANNED_CALLS) or (method and name in BANNED_METHODS):
        found.append(f"{name}()")
    if method and name == "query" and node.args and is_text(node.args[0]):
        found.append("DataFrame.query()")
    if name in ("text", "exec_driver_sql") and node.args and is_built(node.args[0]):
        found.append(f"{name}() of built text")
    if any(word.arg == "shell" and not is_false(word.value) for word in node.keywords):
        found.append("shell")
    return found


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def is_built(node: ast.expr) -> bool:
    """Text put together where SQL should bind its values."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")
    return isinstance(node, ast.JoinedStr | ast.BinOp)


@each_module
def test_nothing_banned_is_written(path):
    assert faults(tree_of(path)) == []


@pytest.mark.parametrize(
    "line",
    ["eval('1')", "exec(x)", "compile(x, 'a', 'eval')", "__import__(x)", "pd.eval(x)", "df.eval('a+b')",
     "df.query('a > 1')", "frame.query(f'a > {x}')", "pd.read_pickle(p)", "df.to_pickle(p)", "import pickle",
     "from pickle import loads", "import marshal", "import shelve", "import lxml.etree", "from lxml import etree",
     "import xml.etree.ElementTree as E", "from xml.dom import minidom", "import yaml", "import joblib", "import dill",
     "from xml.etree.ElementTree import fromstring",
     "import plotly.express as px", "import plotly.graph_objects as go", "from plotly import graph_objects",
     "os.system('ls')", "os.popen('ls')", "subprocess.run(x, shell=True)", "Popen(x, shell=yes)",
     "text(f'SELECT {x}')", "text('SELECT %s' % x)", "text('SELECT ' + x)", "text('SELECT {}'.format(x))",
     "sa.text(f'{x}')", "connection.exec_driver_sql(f'PRAGMA {x}')", "text(' '.join(parts))", "breakpoint()",
     "def f():\n    global x", "try:\n    f()\nexcept:\n    pass", "try:\n    f()\nexcept Exception:\n    pass",
     "for x in y:\n    try:\n        f()\n    except Exception:\n        continue"],
)  # fmt: skip
def test_each_banned_construct_is_seen(line):
    assert faults(ast.parse(line)) != []


@pytest.mark.parametrize(
    "line",
    [
        "text('SELECT 1')",
        "from xml.etree.ElementTree import Element",
        "store.query(q)",
        "connection.execute(select(x))",
        "re.compile(x)",
    ],
)
def test_what_is_allowed_is_let_through(line):
    assert faults(ast.parse(line)) == []


@each_module
def test_names_say_something(path):
    defined = {
        node.name.lower()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    assert not (defined | {path.stem}) & EMPTY_NAMES


# What an import does

WATCH = """
import json, sys, threading, importlib
from pathlib import Path
root, names, seen = Path(sys.argv[1]), sys.argv[2:], []
inside = str(root) + "/"
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path, mode = arguments[0], arguments[1] or "r"
        ours = path.startswith(inside) and "/.venv/" not in path
        if ours and "__pycache__" not in path and (not path.endswith(".py") or set(mode) & set("wax+")):
            seen.append([event, path])
    elif event in ("socket.connect", "socket.bind", "sqlite3.connect", "os.mkdir", "os.remove", "os.rename"):
        if "__pycache__" not in str(arguments[0]):
            seen.append([event, str(arguments[0])])
    elif event in ("subprocess.Popen", "os.system", "os.fork"):
        frame = sys._getframe(1)
        while frame:
            if frame.f_code.co_filename.startswith(inside) and "/.venv/" not in frame.f_code.co_filename:
                seen.append([event, frame.f_code.co_filename])
                break
            frame = frame.f_back
sys.addaudithook(hook)
for name in names:
    importlib.import_module(name)
print(json.dumps({"seen": seen, "threads": [one.name for one in threading.enumerate()]}))
"""


def test_import_does_nothing(tmp_path):
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in modules()
    ]
    command = [sys.executable, "-c", WATCH, str(ROOT), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"seen": [], "threads": ["MainThread"]}
    assert list(tmp_path.iterdir()) == []


def test_assets_name_no_other_host():
    files = [
        path
        for path in (ROOT / "layouts/assets").rglob("*")
        if path.suffix in (".js", ".css", ".json", ".svg")
    ]
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in files}
    found = {
        name: re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", text) for name, text in texts.items()
    }
    foreign = {name: [one for one in hits if not one.endswith("www.w3.org")] for name, hits in found.items()}
    assert {name: hits for name, hits in foreign.items() if hits} == {}
    assert len(files) > 3
