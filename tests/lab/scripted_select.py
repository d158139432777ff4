# SPDX-License-Identifier: MIT
"""SELECT for the scripted servers: names are looked up in the tables, variables and functions of one version.

The system tables of the version are made in SQLite, a statement is put into SQLite's words and run there. So an unknown
column, table, variable or function is found by a real SQL engine, and joins, aliases and conditions work as written.
A statement that SQLite cannot be told is error 1105 "not scripted": a hole in this file, never an answer.
"""

import contextlib
import hashlib
import json
import re
import sqlite3
import time
from datetime import UTC, datetime
from functools import cache

from .dialects import history
from .dialects.statements import Refusal, syntax_error, tokens
from .dialects.versions import fits, mysql
from .scripted_gtid import GtidSet

NOT_SCRIPTED = 1105
SYSTEM_SCHEMAS = ("information_schema", "performance_schema", "mysql")
_NOT_FUNCTIONS = frozenset((
    "ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE EXCEPT EXISTS FROM HAVING IN INTERSECT INTERVAL IS JOIN LIKE LIMIT NOT ON"
    " OR OVER REGEXP RLIKE SELECT THEN UNION USING VALUES WHEN WHERE WITH CHAR BINARY DECIMAL DATETIME TIME XOR").split())
_RENAMED = {"IF": "IIF", "LEFT": "left_", "RIGHT": "right_", "GREATEST": "MAX", "LEAST": "MIN", "DATABASE": "database_",
            "SCHEMA": "database_", "CONVERT": "convert_", "ROW": "", "CURRENT_USER": "current_user_", "REPLACE": "replace"}
_OPERATORS = {"<=>": "IS", "&&": "AND", "||": "OR", "DIV": "/", "MOD": "%", "XOR": "<>", "RLIKE": "REGEXP",
              "STRAIGHT_JOIN": "JOIN"}
_UNITS = "MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH YEAR".split()


def unquoted(text):
    """The characters of a string as it stands in a statement."""
    quote, inner = text[0], text[1:-1]
    special = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a", "%": "\\%", "_": "\\_"}
    inner = inner.replace(quote * 2, "\\" + quote)
    return re.sub(r"\\(.)", lambda found: special.get(found.group(1), found.group(1)), inner, flags=re.DOTALL)


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(int(value))
    return "'" + str(value).replace("'", "''") + "'"


class Refused(Exception):
    """This version does not understand the statement."""

    def __init__(self, refusal):
        super().__init__(refusal.text)
        self.refusal = refusal


def refuse(number, text):
    raise Refused(Refusal(number, text))


class Translation:
    """One SELECT in SQLite's words. Raises Refused for what this version's parser or resolver does not take."""

    def __init__(self, server, sql, variable):
        self._server = server
        self._sql = sql
        self._variable = variable
        self._tokens = [token for token in tokens(sql) if token.text != ";"]
        self._out = []
        self.is_about_data = self._reads_other_tables()

    def text(self):
        at = 0
        depth = 0
        casts, concats = [], []
        while at < len(self._tokens):
            token = self._tokens[at]
            word = token.upper
            following = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
            if token.text == "(":
                depth += 1
                if at and self._tokens[at - 1].upper == "CAST":
                    casts.append(depth)
                if at and self._tokens[at - 1].upper == "GROUP_CONCAT":
                    concats.append(depth)
            elif token.text == ")":
                if casts and casts[-1] == depth:
                    casts.pop()
                if concats and concats[-1] == depth:
                    concats.pop()
                depth -= 1
            if word == "AS" and following is not None:
                if casts and casts[-1] == depth:
                    at = self._put_type(at)
                    continue
                if following.upper and history.is_reserved(self._server, following.text):
                    raise Refused(syntax_error(self._server, self._sql[following.start:]))
            if concats and concats[-1] == depth and word in ("ORDER", "SEPARATOR"):
                at = self._end_of_concat(at)
                continue
            at = self._put(at, token, word, following)
        return " ".join(self._out)

    def _put(self, at, token, word, following):
        skipped = self._skipped(at, word, following)
        if skipped:
            return at + skipped
        if token.kind == "string":
            self._check_pattern(at, token)
            self._out.append(literal(unquoted(token.text)))
        elif token.kind == "variable":
            self._out.append(literal(self._read(token)))
        elif token.kind == "user":
            self._out.append("NULL")
        elif word == "TIMESTAMPDIFF":
            self._out += ["timestampdiff", "(", literal(self._tokens[at + 2].text)]
            return at + 3
        elif word and following is not None and following.text == "(" and word not in _NOT_FUNCTIONS:
            self._put_function(word)
        elif word == "CURRENT_USER":
            self._out.append("current_user_()")
        else:
            self._out.append(_OPERATORS.get(word or token.text, token.text))
        return at + 1

    def _skipped(self, at, word, following):
        """How many words from here mean nothing to SQLite."""
        after = following.upper if following is not None else ""
        if word in ("SQL_NO_CACHE", "HIGH_PRIORITY", "BINARY"):
            return 1
        if word.startswith("_") and following is not None and following.kind == "string":
            return 1
        if word in ("COLLATE", "USING") and following is not None and following.kind in ("word", "name"):
            return 2
        if (word, after) in (("FOR", "UPDATE"), ("FOR", "SHARE"), ("FROM", "DUAL")):
            return 2
        if word == "LOCK" and after == "IN":
            return 4
        if word == "INTERVAL":
            return 1
        if word in _UNITS and at >= 2 and self._tokens[at - 2].upper == "INTERVAL":
            return 1
        if word in ("FORCE", "USE", "IGNORE") and after in ("INDEX", "KEY"):
            return next(i for i in range(at, len(self._tokens)) if self._tokens[i].text == ")") - at + 1
        return 0

    def _put_function(self, word):
        if not history.has_function(self._server, word):
            refuse(1305, f"FUNCTION {word} does not exist")
        self._out.append(_RENAMED.get(word, word))

    def _put_type(self, at):
        """AS CHAR(200) CHARACTER SET utf8mb4, up to the bracket that ends the CAST."""
        depth, is_text = 0, self._tokens[at + 1].upper in ("CHAR", "BINARY", "JSON", "NCHAR")
        while not (depth == 0 and self._tokens[at].text == ")"):
            depth += {"(": 1, ")": -1}.get(self._tokens[at].text, 0)
            at += 1
        self._out += ["AS", "TEXT" if is_text else "NUMERIC"]
        return at

    def _end_of_concat(self, at):
        depth = 0
        while True:
            text = self._tokens[at].text
            if depth == 0 and text == ")":
                return at
            depth += {"(": 1, ")": -1}.get(text, 0)
            at += 1

    def _read(self, token):
        name = re.sub(r"^@@(?:\w+\s*\.\s*)?", "", token.text.lower())
        if not history.has_variable(self._server, name):
            refuse(1193, f"Unknown system variable '{name}'")
        return self._variable(name)

    def _check_pattern(self, at, token):
        """Regular expressions: Henry Spencer's until MySQL 8.0.3, then ICU; PCRE in MariaDB. refman-8.0 regexp.html"""
        before = [self._tokens[i].upper or self._tokens[i].text for i in range(max(0, at - 1), at)]
        if before not in (["REGEXP"], ["RLIKE"]):
            return
        pattern = unquoted(token.text)
        if fits(mysql("8.0.4"), self._server) and ("[[:<:]]" in pattern or "[[:>:]]" in pattern):
            refuse(3685, "Illegal argument to a regular expression.")
        if fits(mysql(below="8.0.4"), self._server) and re.search(r"[*+?]\?|\(\?|\\[bBdDwWsS]", pattern):
            refuse(1139, "Got error 'repetition-operator operand invalid' from regexp")

    def _reads_other_tables(self):
        """Does it read tables that are not the server's own?"""
        common = {self._tokens[i - 1].text.lower() for i in range(1, len(self._tokens)) if self._tokens[i].upper == "AS"
                  and i + 1 < len(self._tokens) and self._tokens[i + 1].text == "(" and self._tokens[0].upper == "WITH"}
        common |= {self._tokens[i + 1].text.lower() for i in range(len(self._tokens) - 1)
                   if self._tokens[0].upper == "WITH" and self._tokens[i].upper in ("WITH", "RECURSIVE")}
        common |= {self._tokens[i + 1].text.lower() for i in range(len(self._tokens) - 2)
                   if self._tokens[0].upper == "WITH" and self._tokens[i].text == "," and self._tokens[i + 2].text == "("}
        for i, token in enumerate(self._tokens[:-1]):
            name = self._tokens[i + 1]
            if token.upper not in ("FROM", "JOIN", "STRAIGHT_JOIN") or name.text == "(" or name.upper == "DUAL":
                continue
            if token.upper == "FROM" and i >= 2 and self._tokens[i - 2].upper in ("TRIM", "EXTRACT"):
                continue
            plain = name.text.strip("`").lower()
            has_schema = i + 2 < len(self._tokens) and self._tokens[i + 2].text == "."
            if plain not in (SYSTEM_SCHEMAS if has_schema else common):
                return True
        return False


@cache
def _empty_schemas(version):
    """{schema: the image of a database with its tables}: made once a version."""
    images = {}
    for schema in SYSTEM_SCHEMAS:
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
            for table, columns in history.tables(version).items():
                if table.startswith(f"{schema}."):
                    name = table.split(".")[1]
                    made.execute(f"CREATE TABLE `{name}` ({', '.join(f'`{column}`' for column in columns)})")
            images[schema] = made.serialize()
    return images


class Catalog:
    """The system tables of one scripted server. Rows are put in before every statement.

    Owns: one SQLite database in memory. Threads: one at a time, the scripted server sees to it.
    """

    def __init__(self, server, functions):
        self._server = server
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._tables = history.tables(server)
        for schema, image in _empty_schemas(server).items():
            self._db.execute(f"ATTACH ':memory:' AS {schema}")
            self._db.deserialize(image, name=schema)
        for name, (arguments, function) in {**_FUNCTIONS, **functions}.items():
            self._db.create_function(name, arguments, function)

    def close(self):
        self._db.close()

    def select(self, sql, variable, rows):
        """(names of the columns, rows); None when it reads tables of somebody's data. Raises Refused."""
        translation = Translation(self._server, sql, variable)
        text = translation.text()
        if translation.is_about_data:
            return None
        for table, content in rows.items():
            if table.split(".")[1].lower() in sql.lower():
                self._put(table, content)
        try:
            cursor = self._db.execute(text)
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise Refused(self._refusal(str(error), text)) from None
        return [column[0] for column in cursor.description], found

    def _put(self, table, content):
        if table not in self._tables:
            return
        self._db.execute(f"DELETE FROM {table}")
        for row in content:
            known = {name: value for name, value in row.items() if name in self._tables[table]}
            names = ", ".join(f"`{name}`" for name in known)
            self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(known))})", list(known.values()))

    def _refusal(self, said, text):
        what = said.partition(": ")[2]
        if said.startswith("no such column"):
            return Refusal(1054, f"Unknown column '{what}' in 'field list'")
        if said.startswith("no such table"):
            if what.lower().startswith("information_schema."):
                return Refusal(1109, f"Unknown table '{what.split('.')[1]}' in information_schema")
            return Refusal(1146, f"Table '{what}' doesn't exist")
        if said.startswith("ambiguous column"):
            return Refusal(1052, f"Column '{what}' in field list is ambiguous")
        return Refusal(NOT_SCRIPTED, f"not scripted: {said} in {text}")


# --- functions -----------------------------------------------------------------------------------------------------

def _concat(*parts):
    return None if None in parts else "".join(map(str, parts))


def _concat_ws(separator, *parts):
    return str(separator).join(str(part) for part in parts if part is not None)


def _substring_index(text, mark, count):
    if text is None:
        return None
    parts = str(text).split(mark)
    return mark.join(parts[:count] if count > 0 else parts[count:])


def _regexp(pattern, text):
    if text is None or pattern is None:
        return None
    for name, python in (("[:space:]", r"\s"), ("[[:<:]]", r"\b"), ("[[:>:]]", r"\b"), ("[:alnum:]", "a-zA-Z0-9")):
        pattern = pattern.replace(name, python)
    return int(re.search(pattern, str(text), re.IGNORECASE) is not None)


def _unix_timestamp(*moment):
    """Of now, or of a text like 2026-01-01 00:00:00.25; 0 for the zero date."""
    if not moment:
        return time.time()
    if moment[0] is None or not isinstance(moment[0], str):
        return moment[0]
    if moment[0].startswith("0000"):
        return 0
    return datetime.fromisoformat(moment[0]).replace(tzinfo=UTC).timestamp()


def _now(*_):
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _json_value(text, path):
    value = json.loads(text or "{}")
    for part in path.lstrip("$.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


_FUNCTIONS = {
    "ANY_VALUE": (1, lambda value: value),
    "CONCAT": (-1, _concat),
    "CONCAT_WS": (-1, _concat_ws),
    "FIELD": (-1, lambda value, *values: values.index(value) + 1 if value in values else 0),
    "FIND_IN_SET": (2, lambda value, values: 0 if value not in (values or "").split(",") else values.split(",").index(value) + 1),
    "FROM_UNIXTIME": (-1, _now),
    "GTID_SUBSET": (2, lambda part, whole: int(GtidSet(part).is_in(GtidSet(whole)))),
    "GTID_SUBTRACT": (2, lambda one, other: str(GtidSet(one).minus(GtidSet(other)))),
    "JSON_UNQUOTE": (1, lambda value: value),
    "JSON_VALUE": (2, _json_value),
    "SHA2": (2, lambda text, _bits: None if text is None else hashlib.sha256(str(text).encode()).hexdigest()),
    "LOCATE": (-1, lambda part, text, *_: (text or "").find(part or "") + 1),
    "MICROSECOND": (1, lambda _: 0),
    "NOW": (-1, _now),
    "REGEXP": (2, _regexp),
    "REGEXP_LIKE": (-1, lambda text, pattern, *_: _regexp(pattern, text)),
    "REGEXP_REPLACE": (-1, lambda text, *_: text),
    "SYSDATE": (-1, _now),
    "SUBSTRING_INDEX": (3, _substring_index),
    "TIMESTAMPDIFF": (3, lambda _unit, _one, _other: 0),
    "TO_SECONDS": (1, lambda _: 0),
    "UNIX_TIMESTAMP": (-1, _unix_timestamp),
    "UTC_TIMESTAMP": (-1, _now),
    "convert_": (1, lambda value: value),
    "left_": (2, lambda text, count: None if text is None else str(text)[:count]),
    "right_": (2, lambda text, count: None if text is None else str(text)[-count:]),
}
