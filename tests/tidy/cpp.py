"""As much of C++ as the rules need: comments, literals, and where functions begin and end."""

import re

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+')",
    re.S)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """Comments become spaces; line numbers stay."""
    return TOKEN.sub(lambda match: blank(match[0]) if match["comment"] else match[0], text)


def without_literals(text):
    """Comments become spaces and literals empty ones; line numbers stay."""
    def replace(match):
        if match["comment"]:
            return blank(match[0])
        quote = "'" if match["char"] else '"'
        return quote + "\n" * match[0].count("\n") + quote
    return TOKEN.sub(replace, text)


CONTAINER = re.compile(r"^(template\b.*)?\b(namespace|class|struct|union|enum|extern)\b", re.S)


def is_function(head):
    """Whether the `{` that follows `head` opens a function's body."""
    head = re.sub(r"\b(alignas|__attribute__)\s*\([^)]*\)+", "", head).strip()
    if head.endswith("=") or ")" not in head:
        return False
    return not (CONTAINER.match(head) and not re.search(r"\)[\s\w:<>,*&-]*$", head))


def functions(text):
    """(name, first line, last line) of each function with a body, lambdas counted as part of theirs."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: blank(match[0]), without_literals(text),
                  flags=re.M)
    found, stack, start = [], [], 0
    for match in re.finditer(r"[{};]", text):
        mark, at = match[0], match.start()
        inside = any(kind != "container" for kind, _, _ in stack)
        if mark == "{":
            head = text[start:at]
            # A brace without a space before it initialises something: the head goes on.
            initialises = not inside and head and not head[-1].isspace()
            kind = "other" if inside or initialises else "function" if is_function(head) else \
                "other" if head.rstrip().endswith("=") else "container"
            stack.append((kind, start if not inside else at, initialises))
            start = start if initialises else at + 1
        elif mark == "}" and stack:
            kind, begin, initialised = stack.pop()
            if kind == "function":
                head = text[begin:].lstrip()
                first = text.count("\n", 0, len(text) - len(head)) + 1
                name = re.search(r"([\w:~]+(?:operator\W+)?)\s*\(", head)
                found.append((name[1] if name else "?", first, text.count("\n", 0, at) + 1))
            start = start if initialised else at + 1
        elif mark == ";" and not inside:
            start = at + 1
    return found
