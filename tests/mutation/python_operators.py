"""What can go wrong in Python: each operator yields small changes of a file, found in the syntax tree of `ast`."""

from __future__ import annotations

import ast
import types
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Union

from sites import TALKERS, Range, Site, chosen

RELATIONS = {ast.Lt: ["<=", ">="], ast.LtE: ["<", ">"], ast.Gt: [">=", "<="], ast.GtE: [">", "<"], ast.Eq: ["!="],
             ast.NotEq: ["=="], ast.Is: ["is not"], ast.IsNot: ["is"], ast.In: ["not in"], ast.NotIn: ["in"]}
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
         ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}
ARITHMETIC = {ast.Add: (b"+", b"-"), ast.Sub: (b"-", b"+"), ast.Mult: (b"*", b"+"), ast.Mod: (b"%", b"//"),
              ast.FloorDiv: (b"//", b"%"), ast.BitOr: (b"|", b"&"), ast.BitAnd: (b"&", b"|")}
NAMES = {"EXCLUSIVE": "SHARED", "SHARED": "EXCLUSIVE", "from_buffer_copy": "from_buffer", "FileNotFoundError": "FileExistsError",
         "OSError": "KeyError"}


class Module:
    """A Python file with its syntax tree, and where each node is in its bytes."""

    def __init__(self, path: Path) -> None:
        self.source = path.read_bytes()
        self.tree = ast.parse(self.source)
        self._lines = [0]
        for line in self.source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def range(self, node: Union[ast.expr, ast.stmt, ast.keyword]) -> Range:
        """Where it is."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Range(self._lines[node.lineno - 1] + node.col_offset, self._lines[end_line - 1] + end_column)

    def text(self, node: Union[ast.expr, ast.stmt]) -> bytes:
        """Its bytes."""
        where = self.range(node)
        return self.source[where.start : where.end]

    def change(self, operator: str, node: Union[ast.expr, ast.stmt], text: bytes) -> Site:
        """The node becomes something else."""
        where = self.range(node)
        return Site(operator, where.start, where.end, text)


def blocks(module: Module) -> Iterator[List[ast.stmt]]:
    """The statements of each block."""
    for node in ast.walk(module.tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def is_text(node: ast.stmt) -> bool:
    """A docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def of_statements(module: Module) -> Iterator[Site]:
    """Left out, done twice, in another order, too early an end."""
    for block in blocks(module):
        for node in block:
            text = module.text(node)
            if is_text(node) or isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                continue
            if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Raise, ast.Continue, ast.Break)):
                yield module.change("py-delete", node, b"pass")
            if isinstance(node, (ast.Expr, ast.AugAssign)):
                yield module.change("py-double", node, text + b"; " + text)
            if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                yield module.change("py-delete-check", node, b"pass")
            if isinstance(node, ast.Return) and node.value is not None:
                for value in (b"None", b"True", b"False", b"0"):
                    yield module.change("py-return", node.value, value)
            if isinstance(node, ast.Raise):
                yield module.change("py-return", node, b"return None")
            if isinstance(node, ast.Try) and node.finalbody:
                yield Site("py-delete-finally", module.range(node.finalbody[0]).start, module.range(node.finalbody[-1]).end, b"pass")
            if node is not block[0] and not isinstance(node, (ast.Return, ast.Raise)):
                where = module.range(node)
                indent = b"\n" + b" " * node.col_offset
                yield Site("py-early-return", where.start, where.start, b"if True: return None" + indent)
        for one, other in zip(block, block[1:]):
            first, second = module.range(one), module.range(other)
            if not is_text(one) and not isinstance(one, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                between = module.source[first.end : second.start]
                yield Site("py-swap", first.start, second.end, module.text(other) + between + module.text(one))


def of_conditions(module: Module) -> Iterator[Site]:
    """Never, always, or the other way round; once instead of again and again."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.If, ast.While, ast.IfExp)):
            text = module.text(node.test)
            yield module.change("py-negate", node.test, b"not (" + text + b")")
            yield module.change("py-cond-true", node.test, b"((" + text + b") or True)")
            yield module.change("py-cond-false", node.test, b"((" + text + b") and False)")
        if isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield module.change("py-cond-true", test, b"((" + module.text(test) + b") or True)")
                yield module.change("py-negate", test, b"not (" + module.text(test) + b")")
        if isinstance(node, ast.While):
            where = module.range(node)
            yield Site("py-while-to-if", where.start, where.start + len(b"while"), b"if")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield module.change("py-negate", node, module.text(node.operand))


def of_operators(module: Module) -> Iterator[Site]:
    """Relations, arithmetic, "and" for "or", one of two operands."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Compare):
            left = node.left
            for sign, right in zip(node.ops, node.comparators):
                start, end = module.range(left).end, module.range(right).start
                between = module.source[start:end]
                for relation in RELATIONS[type(sign)]:
                    yield Site("py-relation", start, end, between.replace(SIGNS[type(sign)].encode(), relation.encode()))
                left = right
        elif isinstance(node, ast.BinOp):
            start, end = module.range(node.left).end, module.range(node.right).start
            if type(node.op) in ARITHMETIC:
                before, after = ARITHMETIC[type(node.op)]
                yield Site("py-arithmetic", start, end, module.source[start:end].replace(before, after))
            yield module.change("py-drop-operand", node, module.text(node.left))
            yield module.change("py-drop-operand", node, module.text(node.right))
        elif isinstance(node, ast.BoolOp):
            for value, following in zip(node.values, node.values[1:]):
                start, end = module.range(value).end, module.range(following).start
                word, swapped = (b"and", b"or") if isinstance(node.op, ast.And) else (b"or", b"and")
                yield Site("py-and-or", start, end, module.source[start:end].replace(word, swapped))
            for value in node.values:
                yield module.change("py-drop-operand", value, b"True" if isinstance(node.op, ast.And) else b"False")
        elif isinstance(node, ast.AugAssign):
            start, end = module.range(node.target).end, module.range(node.value).start
            text = module.source[start:end]
            yield Site("py-assignment", start, end, text.replace(b"+=", b"-=") if b"+=" in text else text.replace(b"-=", b"+="))


def of_calls(module: Module) -> Iterator[Site]:
    """Arguments exchanged or left out, a call left out: its argument as it is."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        for one, other in zip(node.args, node.args[1:]):
            first, second = module.range(one), module.range(other)
            between = module.source[first.end : second.start]
            yield Site("py-swap-args", first.start, second.end, module.text(other) + between + module.text(one))
        for each in node.keywords:
            where = module.range(each)
            start = module.source.rfind(b",", 0, where.start) if node.args or each is not node.keywords[0] else -1
            if start > module.range(node.func).end:
                yield Site("py-drop-keyword", start, where.end, b"")
            if isinstance(each.value, ast.Constant) and isinstance(each.value.value, bool):
                yield module.change("py-constant", each.value, str(not each.value.value).encode())
        if node.args and not node.keywords and len(node.args) <= 2 and not isinstance(node.args[0], ast.Starred):
            for argument in node.args:
                yield module.change("py-call", node, module.text(argument))


def of_names(module: Module) -> Iterator[Site]:
    """Another member or variable of the same kind, another number, another error."""
    members = members_alike(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            for other in sorted({node.value + 1, node.value - 1, 0} - {node.value}):
                yield module.change("py-constant", node, str(other).encode())
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
        if name is None or not isinstance(node, ast.expr):
            continue
        end = module.range(node).end
        start = end - len(name.encode())
        if name in NAMES:
            yield Site("py-name", start, end, NAMES[name].encode())
        elif isinstance(node, ast.Attribute) and name in members:
            yield Site("py-member", start, end, members[name].encode())


def members_alike(module: Module) -> Dict[str, str]:
    """Each member's neighbour: assigned together, or called on the same thing in one function."""
    alike: Dict[str, str] = {}
    for node in ast.walk(module.tree):
        if not isinstance(node, (ast.FunctionDef, ast.Tuple)):
            continue
        groups: Dict[str, List[str]] = {}
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
                group = groups.setdefault(each.value.id, [])
                if each.attr not in group:
                    group.append(each.attr)
        for base, group in groups.items():
            if base in ("self", "header", "message", "item", "each", "names", "taken", "frame", "slot", "shared"):
                for one, other in zip(group, group[1:] + group[:1]):
                    if len(group) > 1:
                        alike.setdefault(one, other)
    return alike


def talk_in(module: Module) -> Iterator[Range]:
    """Arguments of what tells a person something."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name: Optional[str] = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in TALKERS:
                yield Range(module.range(node.func).end, module.range(node).end)
        elif isinstance(node, (ast.JoinedStr,)):
            yield module.range(node)


OPERATORS = (of_statements, of_conditions, of_operators, of_calls, of_names)


def sites(path: Path, words: Sequence[str] = ()) -> List[Site]:
    """All changes of what students write in this file."""
    del words
    module = Module(path)
    found = [site for operator in OPERATORS for site in operator(module)]
    return chosen(found, module.source, talk_in(module))


def code_of(source: bytes) -> Optional[bytes]:
    """What Python makes of it, without places; None when it is no Python."""

    def listing(code: types.CodeType) -> str:
        constants = [listing(each) if isinstance(each, types.CodeType) else repr(each) for each in code.co_consts]
        return repr((code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags))

    try:
        return listing(compile(source, "<mutant>", "exec", dont_inherit=True)).encode()
    except (SyntaxError, ValueError):
        return None
