"""What can go wrong in C: each operator yields small changes of a file, found in the syntax tree that libclang makes."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from sites import ADVICE, TALKERS, Range, Site, chosen, written_by_students

DISTRIBUTION = "/usr/lib/python3/dist-packages"  # where Debian puts clang's module, whichever Python runs this
RELATIONS = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="]}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&": "|", "|": "&", "<<": ">>", ">>": "<<", "^": "|"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "++": "--", "--": "++"}
ORDERS = {
    "__ATOMIC_RELEASE": "__ATOMIC_RELAXED",
    "__ATOMIC_ACQUIRE": "__ATOMIC_RELAXED",
    "__ATOMIC_ACQ_REL": "__ATOMIC_RELAXED",
    "__ATOMIC_SEQ_CST": "__ATOMIC_RELAXED",
    "memory_order_release": "memory_order_relaxed",
    "memory_order_acquire": "memory_order_relaxed",
    "memory_order_acq_rel": "memory_order_relaxed",
    "memory_order_seq_cst": "memory_order_relaxed",
}
FLAGS = {
    "O_RDWR": "O_RDONLY",
    "O_RDONLY": "O_RDWR",
    "O_EXCL": "O_TRUNC",
    "MAP_SHARED": "MAP_PRIVATE",
    "PROT_WRITE": "PROT_EXEC",
    "PRESENCE_EXCLUSIVE": "PRESENCE_SHARED",
    "PRESENCE_SHARED": "PRESENCE_EXCLUSIVE",
    "SEM_UNDO": "0",
    "IPC_NOWAIT": "0",
    "IPC_EXCL": "0",
    "IPC_RMID": "IPC_STAT",
    "CLOCK_MONOTONIC": "CLOCK_REALTIME",
    "SHM_RDONLY": "0",
    "true": "false",
    "false": "true",
}
ERRNO = {"ENOENT": "EEXIST", "EEXIST": "ENOENT", "EINTR": "EAGAIN", "EAGAIN": "EINTR", "EINVAL": "EIDRM", "EIDRM": "EINVAL"}
CALLS = {
    "sem_post": "sem_wait",
    "sem_wait": "sem_trywait",
    "sem_trywait": "sem_wait",
    "sem_close": "sem_destroy",
    "munmap": "msync",
    "memcmp": "memcpy",
    "ftruncate": "lseek",
}
UNLIKE_CALLS = {"msync", "lseek", "memcpy", "sem_destroy"}  # other arguments: not worth a try


class Missing(Exception):
    """libclang is not there, or cannot read a file."""


def cindex() -> Any:
    """The module clang.cindex of libclang."""
    if DISTRIBUTION not in sys.path:
        sys.path.append(DISTRIBUTION)
    try:
        module = importlib.import_module("clang.cindex")
        module.Index.create()
    except (ImportError, OSError, AttributeError) as error:
        raise Missing(
            f"libclang's module for Python is not here ({error}): tools/install-packages --tests (Debian: python3-clang)"
        ) from error
    except Exception as error:  # clang's own class, for a library that is not found
        raise Missing(f"libclang is not here: tools/install-packages --tests (Debian: python3-clang)\n{error}") from error
    return module


class Unit:
    """A C file with its syntax tree."""

    def __init__(self, path: Path, words: Sequence[str]) -> None:
        self.clang = cindex()
        self.path = path
        self.source = path.read_bytes()
        self.tree = self.clang.Index.create().parse(str(path), args=list(words))
        wrong = [str(each) for each in self.tree.diagnostics if each.severity >= self.clang.Diagnostic.Error]
        if wrong:
            raise Missing(f"libclang cannot read {path}: {wrong[0]}")
        self.kinds = self.clang.CursorKind

    def range(self, cursor: Any) -> Range:
        """Where it is in the file."""
        return Range(cursor.extent.start.offset, cursor.extent.end.offset)

    def text(self, where: Range) -> bytes:
        """Those bytes."""
        return self.source[where.start : where.end]

    def here(self) -> Iterator[Any]:
        """All cursors of this file itself, those of a function after the function."""

        def below(cursor: Any) -> Iterator[Any]:
            yield cursor
            for child in cursor.get_children():
                yield from below(child)

        for top in self.tree.cursor.get_children():
            if top.location.file is not None and top.location.file.name == str(self.path):
                yield from below(top)

    def tokens(self) -> Iterator[Tuple[str, str, Range]]:
        """Kind, spelling and place of all tokens that are not comments."""
        for token in self.tree.get_tokens(extent=self.tree.cursor.extent):
            if token.kind.name != "COMMENT":
                yield token.kind.name, token.spelling, Range(token.extent.start.offset, token.extent.end.offset)

    def whole(self, cursor: Any) -> Optional[Range]:
        """A statement with its semicolon; None when it is no statement by itself."""
        where = self.range(cursor)
        if self.source[where.end - 1 : where.end] in (b"}", b";"):
            return where
        behind = re.compile(rb"\s*;").match(self.source, where.end)
        return Range(where.start, behind.end()) if behind else None


def balanced(text: bytes) -> bool:
    """Parentheses and braces close: it is an expression of its own, not a part of a macro's."""
    bare = re.sub(rb"\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'", b"", text)
    return bare.count(b"(") == bare.count(b")") and bare.count(b"{") == bare.count(b"}") and bool(bare.strip())


def talk_in(unit: Unit) -> Iterator[Range]:
    """Arguments of functions that tell a person something; the calls themselves are code like any other."""
    for cursor in unit.here():
        if cursor.kind == unit.kinds.CALL_EXPR and cursor.spelling in TALKERS:
            where = unit.range(cursor)
            yield Range(where.start + len(cursor.spelling), where.end)
        elif cursor.kind == unit.kinds.VAR_DECL and cursor.spelling in ADVICE and cursor.type.spelling == "const char *":
            yield unit.range(cursor)


# ---- Statements ----


def statements(unit: Unit) -> Iterator[Tuple[Any, Range, List[Any]]]:
    """Each statement with its place and its neighbours in the block (itself included; alone: a body without braces)."""
    kinds = unit.kinds
    for cursor in unit.here():
        children = list(cursor.get_children())
        if cursor.kind == kinds.COMPOUND_STMT:
            for child in children:
                where = unit.whole(child)
                if where is not None:
                    yield child, where, children
        elif cursor.kind in (kinds.IF_STMT, kinds.WHILE_STMT, kinds.FOR_STMT):
            bodies = children[1:] if cursor.kind == kinds.IF_STMT else children[-1:]
            for child in bodies:
                where = unit.whole(child)
                if where is not None and child.kind != kinds.COMPOUND_STMT:
                    yield child, where, [child]


def target(text: bytes) -> bytes:
    """What a statement sets and does nothing else: "data->counter"; empty: it is no such statement."""
    found = re.match(rb"([\w.>\[\]-]+) = ([^=;][^;]*);$|(?:memset|memcpy|snprintf|clock_gettime)\(([^;]*)\);$", text, re.S)
    if found is None or (found.group(2) is not None and re.search(rb"\w\(|\+\+|--|=", found.group(2))):
        return b""
    words = found.group(1) or re.sub(rb"^CLOCK_\w+, ", b"", found.group(3)).split(b",")[0]
    return words.strip().lstrip(b"&")


def same_twice(text: bytes) -> bool:
    """Done once more it changes nothing: what it sets is not in what it sets it to."""
    made = target(text)
    return bool(made) and len(re.findall(rb"(?<![\w.>])" + re.escape(made) + rb"(?!\w)", re.sub(rb"sizeof [\w.>-]+", b"", text))) == 1


def in_any_order(one: bytes, other: bytes) -> bool:
    """Neither sets what the other one looks at."""
    first, second = target(one), target(other)
    if not first or not second:
        return False
    return not any(re.search(rb"(?<![\w.>])" + re.escape(made) + rb"(?!\w)", text) for made, text in ((first, other), (second, one)))


def of_statements(unit: Unit) -> Iterator[Site]:
    """Left out, done twice, in another order, or a function that ends too early."""
    kinds = unit.kinds
    spoken = (kinds.CALL_EXPR, kinds.BINARY_OPERATOR, kinds.UNARY_OPERATOR, kinds.COMPOUND_ASSIGNMENT_OPERATOR)
    for cursor, where, block in statements(unit):
        empty = b"{\n}" if len(block) == 1 else b""
        text = unit.text(where)
        if cursor.kind in spoken or cursor.kind in (kinds.BREAK_STMT, kinds.CONTINUE_STMT):
            yield Site("delete-stmt", where.start, where.end, empty)
        twice = len(block) > 1 and not same_twice(text) and cursor.spelling not in TALKERS
        if cursor.kind in spoken and twice:
            yield Site("double-stmt", where.start, where.end, text + b" " + text)
        if cursor.kind == kinds.IF_STMT and b"else" not in text and re.search(rb"\b(return|break|continue|goto)\b", text):
            yield Site("delete-check", where.start, where.end, empty)
        if cursor.kind == kinds.RETURN_STMT:
            value = re.sub(rb"^return\b", b"", text)
            if b"(" in value:  # tells of an error, and goes on all the same
                yield Site("no-return", where.start, where.end, b"(void)(" + value.strip().rstrip(b";") + b");")
        advice = re.match(rb"const char \*(\w+) = ", text)
        if advice and advice.group(1).decode() in ADVICE:
            continue
        if cursor.kind == kinds.DECL_STMT and b"=" in text and re.match(rb"[\w\s\*]+\b\w+ = ", text):
            yield Site("no-value", where.start, where.end, re.sub(rb" = .*;$", b" = {0};", text, flags=re.S))
    for block in blocks(unit):
        for one, other in zip(block, block[1:]):
            first, second = unit.whole(one), unit.whole(other)
            if first is None or second is None or first.end > second.start:
                continue
            function = unit.text(unit.range(block[0])) + unit.text(Range(unit.range(block[0]).start, unit.range(block[-1]).end))
            private = not re.search(rb"\b(__)?atomic_", function)  # nobody looks on
            if not (private and in_any_order(unit.text(first), unit.text(second))):
                between = unit.source[first.end : second.start]
                yield Site("swap-stmts", first.start, second.end, unit.text(second) + between + unit.text(first))


def blocks(unit: Unit) -> Iterator[List[Any]]:
    """The statements of each block."""
    for cursor in unit.here():
        if cursor.kind == unit.kinds.COMPOUND_STMT:
            yield list(cursor.get_children())


def of_returns(unit: Unit) -> Iterator[Site]:
    """Another result; or one that comes before the rest is done."""
    kinds = unit.kinds
    for function in unit.here():
        if function.kind != kinds.FUNCTION_DECL or not function.is_definition():
            continue
        body = [each for each in function.get_children() if each.kind == kinds.COMPOUND_STMT]
        results = results_of(unit, function)
        for cursor in body[0].walk_preorder():
            if cursor.kind != kinds.RETURN_STMT:
                continue
            value = next(iter(cursor.get_children()), None)
            for other in results if value is not None else []:
                yield Site("return", unit.range(value).start, unit.range(value).end, other)
        early = b"return " + (results[0] if results else b"") + b";"
        for child in list(body[0].get_children())[1:] if results or function.result_type.spelling == "void" else []:
            if child.kind not in (kinds.DECL_STMT, kinds.RETURN_STMT):
                yield Site("early-return", unit.range(child).start, unit.range(child).start, b"if (1) " + early.replace(b" ;", b";") + b" ")


def results_of(unit: Unit, function: Any) -> List[bytes]:
    """What a function of this type may return: numbers, or the names of an enumeration."""
    kind = function.result_type.get_canonical()
    if kind.spelling == "int":
        return [b"0", b"1", b"-1"]
    if kind.spelling in ("_Bool", "bool"):
        return [b"false", b"true"]
    declared = kind.get_declaration()
    if declared.kind == unit.kinds.ENUM_DECL:
        return [each.spelling.encode() for each in declared.get_children()]
    return [b"NULL"] if "*" in kind.spelling else [b"0"] if re.search(r"long|unsigned|short|char", kind.spelling) else []


# ---- Expressions ----


def conditions(unit: Unit) -> Iterator[Range]:
    """What decides: of if, while, for, do and ?:."""
    kinds = unit.kinds
    for cursor in unit.here():
        children = list(cursor.get_children())
        where: Optional[Range] = None
        if cursor.kind in (kinds.IF_STMT, kinds.WHILE_STMT, kinds.CONDITIONAL_OPERATOR) and children:
            where = unit.range(children[0])
        elif cursor.kind == kinds.DO_STMT:
            where = unit.range(children[1])
        elif cursor.kind == kinds.FOR_STMT:
            head = re.compile(rb"for \(([^;]*);([^;]+);").match(unit.source, unit.range(cursor).start)
            if head:
                where = Range(*head.span(2))
        if where is not None and balanced(unit.text(where)):
            yield where


def of_conditions(unit: Unit) -> Iterator[Site]:
    """Never, always, or the other way round. What the condition does is done all the same."""
    for where in conditions(unit):
        text = unit.text(where).strip()
        yield Site("negate-cond", where.start, where.end, b"!(" + text + b")")
        yield Site("cond-true", where.start, where.end, b"(" + text + b") || 1")
        yield Site("cond-false", where.start, where.end, b"(" + text + b") && 0")
    for cursor in unit.here():
        if cursor.kind == unit.kinds.WHILE_STMT:
            start = unit.range(cursor).start
            body = unit.text(unit.range(list(cursor.get_children())[-1]))
            if not re.search(rb"\b(continue|break)\b", body):
                yield Site("while-to-if", start, start + len(b"while"), b"if")


def of_binary(unit: Unit) -> Iterator[Site]:
    """Relations, arithmetic, "and" for "or"; one of two operands, flags among them."""
    kinds = unit.kinds
    for cursor in unit.here():
        if cursor.kind not in (kinds.BINARY_OPERATOR, kinds.COMPOUND_ASSIGNMENT_OPERATOR):
            continue
        children = list(cursor.get_children())
        if len(children) != 2:
            continue
        left, right, whole = unit.range(children[0]), unit.range(children[1]), unit.range(cursor)
        if not (whole.start <= left.start and left.end <= right.start and right.end <= whole.end):
            continue
        sign = re.fullmatch(rb"\s*([-+*/%&|<>=!^]+)\s*", unit.source[left.end : right.start])
        if sign is None:
            continue
        word, at = sign.group(1).decode(), Range(left.end + sign.start(1), left.end + sign.end(1))
        for other in RELATIONS.get(word, []):
            yield Site("relation", at.start, at.end, other.encode())
        if word in ARITHMETIC:
            yield Site("arithmetic", at.start, at.end, ARITHMETIC[word].encode())
        if word in ASSIGNMENTS:
            yield Site("assignment", at.start, at.end, ASSIGNMENTS[word].encode())
        if word in ("&&", "||"):
            yield Site("and-or", at.start, at.end, b"||" if word == "&&" else b"&&")
        if word in ("&&", "||", "|", "&", "+", "-", "%"):
            yield Site("drop-operand", whole.start, whole.end, unit.text(left))
            if word != "%":
                yield Site("drop-operand", whole.start, whole.end, unit.text(right))


def of_calls(unit: Unit) -> Iterator[Site]:
    """Arguments exchanged, modes that are too wide or nothing, slots beside the right one."""
    kinds = unit.kinds
    for cursor in unit.here():
        if cursor.kind == kinds.CALL_EXPR:
            places = [unit.range(each) for each in cursor.get_arguments() if each is not None]
            for one, other in zip(places, places[1:]):
                if unit.range(cursor).start < one.start < one.end <= other.start and balanced(unit.text(one)):
                    between = unit.source[one.end : other.start]
                    yield Site("swap-args", one.start, other.end, unit.text(other) + between + unit.text(one))
            for place in places:
                if re.search(rb"\bmode$", unit.text(place)):
                    yield Site("mode", place.start, place.end, b"0666")
                    yield Site("mode", place.start, place.end, b"0")
        elif cursor.kind == kinds.ARRAY_SUBSCRIPT_EXPR:
            place = unit.range(list(cursor.get_children())[1])
            if balanced(unit.text(place)) and unit.source[place.end : place.end + 1] == b"]":
                yield Site("slot", place.start, place.end, unit.text(place) + b" + 1")
                yield Site("slot", place.start, place.end, b"0")
        elif cursor.kind == kinds.CXX_UNARY_EXPR and unit.text(unit.range(cursor)).startswith(b"sizeof"):
            place = unit.range(cursor)
            yield Site("sizeof", place.start, place.end, b"sizeof(void *)")
            yield Site("sizeof", place.start, place.end, b"(" + unit.text(place) + b" - 1)")


def of_names(unit: Unit) -> Iterator[Site]:
    """Another variable, or another member, of the same type."""
    kinds = unit.kinds
    variables: Dict[str, List[Tuple[str, int]]] = {}
    for cursor in unit.here():
        if cursor.kind == kinds.FUNCTION_DECL:
            variables = {}
        elif cursor.kind in (kinds.PARM_DECL, kinds.VAR_DECL) and cursor.spelling:
            variables.setdefault(cursor.type.spelling.replace("const ", ""), []).append((cursor.spelling, cursor.location.offset))
        elif cursor.kind == kinds.DECL_REF_EXPR and cursor.referenced is not None:
            if cursor.referenced.kind in (kinds.PARM_DECL, kinds.VAR_DECL):
                others = variables.get(cursor.referenced.type.spelling.replace("const ", ""), [])
                before = [name for name, at in others if at < unit.range(cursor).start]
                yield from renamed(unit, cursor, "variable", before)
        elif cursor.kind == kinds.MEMBER_REF_EXPR and cursor.referenced is not None:
            member = cursor.referenced
            parent = member.semantic_parent
            same = [each.spelling for each in parent.get_children()
                    if each.kind == kinds.FIELD_DECL and each.type.spelling == member.type.spelling]
            yield from renamed(unit, cursor, "member", same)


def renamed(unit: Unit, cursor: Any, operator: str, names: List[str]) -> Iterator[Site]:
    """The name at the end of the cursor becomes the next one of these."""
    name, end = cursor.spelling.encode(), unit.range(cursor).end
    start = end - len(name)
    if cursor.spelling not in names or len(names) < 2 or unit.source[start:end] != name:
        return
    other = names[(names.index(cursor.spelling) + 1) % len(names)]
    yield Site(operator, start, end, other.encode())


# ---- Tokens ----


def of_tokens(unit: Unit) -> Iterator[Site]:
    """Numbers one beside, weaker orders, other flags and errors."""
    for kind, word, where in unit.tokens():
        if kind == "LITERAL" and re.fullmatch(r"(0|[1-9]\d*)[uUlL]*", word):
            number = int(re.match(r"\d+", word).group())  # type: ignore[union-attr]
            for other in sorted({number + 1, max(0, number - 1), 0} - {number}):
                yield Site("constant", where.start, where.end, str(other).encode())
        if kind == "LITERAL" and re.fullmatch(r"0[0-7]+", word):
            yield Site("mode", where.start, where.end, b"0666" if word != "0666" else b"0600")
        if kind == "LITERAL" and re.fullmatch(r"\d+\.\d+|\d+e\d+", word):
            yield Site("constant", where.start, where.end, b"0.0")
        for operator, table in (("memory-order", ORDERS), ("flag", FLAGS), ("errno", ERRNO), ("call", CALLS)):
            if word in table and table[word] not in UNLIKE_CALLS:
                yield Site(operator, where.start, where.end, table[word].encode())
        if kind == "PUNCTUATION" and word in ("++", "--"):
            yield Site("assignment", where.start, where.end, ASSIGNMENTS[word].encode())
        if kind == "PUNCTUATION" and word == "!" and unit.source[where.end : where.end + 1] != b"=":
            yield Site("negate-cond", where.start, where.end, b"")
    for found in re.finditer(rb"__atomic_load_n\(([^,;]+), \w+\)", unit.source):
        yield Site("plain-atomic", found.start(), found.end(), b"*(" + found.group(1) + b")")
    for found in re.finditer(rb"__atomic_store_n\(([^,;]+), ([^;]+), \w+\);", unit.source):
        yield Site("plain-atomic", found.start(), found.end(), b"*(" + found.group(1) + b") = " + found.group(2) + b";")


OPERATORS = (of_statements, of_returns, of_conditions, of_binary, of_calls, of_names, of_tokens)


def sites(path: Path, words: Sequence[str]) -> List[Site]:
    """All changes of what students write in this file; `words`: how it is compiled."""
    if not written_by_students(path.read_bytes()):
        return []
    unit = Unit(path, words)
    found = [site for operator in OPERATORS for site in operator(unit)]
    return chosen(found, unit.source, talk_in(unit))
