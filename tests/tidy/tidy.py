#!/usr/bin/env python3
"""Checks the source tree against rules.py. Prints path:line: what is wrong; exits 1 if anything is."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import rules
from cpp import functions, without_comments, without_literals

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "."


def includes(text):
    """(line number, '<' or '"', what) of each include."""
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def in_src(path):
    return path.startswith("src/") and rules.SOURCE.match(path)


def check_arrows(path, text):
    """Includes point downward only."""
    if not in_src(path):
        return
    folder = folder_of(path)
    if folder not in rules.ALLOWED_INCLUDES:
        yield 1, f"src/{folder} is not in the table of folders: add it to tests/tidy/rules.py"
        return
    for number, kind, target in includes(text):
        if kind != '"':
            continue
        if target.startswith(".") or "/" not in target:
            yield number, f'"{target}" is not relative to src/'
            continue
        other = target.split("/")[0]
        if other != folder and other not in rules.ALLOWED_INCLUDES[folder] \
                and target not in rules.ALLOWED_INCLUDES[folder]:
            yield number, f"src/{folder} must not include {target}: it may include " + \
                (", ".join(rules.ALLOWED_INCLUDES[folder]) or "nothing of the project")


def check_headers(path, text):
    """Each library has one home."""
    if not in_src(path):
        return
    for number, kind, target in includes(text):
        for pattern, home, instead in rules.HEADER_HOMES:
            if kind == "<" and re.match(pattern, target) and not re.match(home, path):
                yield number, f"<{target}> must not be included here: {instead}"


def check_calls(path, text):
    """Banned calls, with what to use instead."""
    if not in_src(path):
        return
    for number, line in enumerate(without_literals(text).splitlines(), 1):
        for pattern, home, instead in rules.CALL_HOMES:
            match = re.search(pattern, line)
            if match and not re.match(home, path):
                yield number, f"{match[0].strip()} is banned here: {instead}"


def check_header_guard(path, text):
    """Headers begin with #pragma once."""
    if rules.SOURCE.match(path) and path.endswith(".h") and not text.startswith("#pragma once"):
        yield 1, "a header begins with #pragma once"


def check_file_length(path, text):
    """Files stay readable."""
    count = text.count("\n")
    if rules.LENGTH_COUNTS.match(path) and count > rules.MAX_FILE_LINES:
        yield 1, f"{count} lines, {rules.MAX_FILE_LINES} at most: split it by what changes together"


def check_function_length(path, text):
    """Functions stay readable."""
    if not in_src(path):
        return
    for name, first, last in functions(text):
        if last - first + 1 > rules.MAX_FUNCTION_LINES:
            yield first, f"{name} has {last - first + 1} lines, {rules.MAX_FUNCTION_LINES} at most"


def check_words(path, text):
    """Words that must not appear."""
    if path.startswith("tests/tidy/"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, why in rules.WORDS:
            match = re.search(pattern, line)
            if match:
                yield number, f'"{match[0].strip()}": {why}'


def check_built(path, text, cmake=None):
    """Every source file is one that the build names."""
    if not path.endswith(".cpp"):
        return
    cmake = cmake if cmake is not None else (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    libraries = re.findall(r"^bootsman_library\(\w+ ([\w ]+)\)", cmake, re.M)
    folders = " ".join(libraries).split()
    built = rf"src/(main\.cpp|({'|'.join(folders)})/.+)|tests/(unit|shell_unit)/.+_test\.cpp" \
        r"|tests/fuzz/.+_fuzz\.cpp|tests/(lib|bench|release)/.+"
    if re.match(r"(src|tests)/", path) and not re.fullmatch(built, path):
        yield 1, "no target of the build has this file"


DEFINES = re.compile(r"(?:struct|class|enum class) (\w+)[^;()]*\{")


def types_of(text):
    """(line number, full name) of each type that a header defines at namespace level."""
    inside = []
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if opened := re.match(r"namespace ?([\w:]*) ?\{", line):
            inside.append(opened[1])
        elif line.startswith("}") and not line.startswith("};") and inside:
            inside.pop()
        elif defined := DEFINES.match(line):
            yield number, "::".join([*inside, defined[1]])


@functools.cache
def homes_of_types():
    """The first header that defines each type."""
    headers = sorted(ROOT.glob("src/**/*.h"), reverse=True)
    return {name: str(header.relative_to(ROOT)) for header in headers
            for _, name in types_of(header.read_text(encoding="utf-8"))}


def check_one_definition(path, text):
    """A type's name stands for one thing: the linker takes either of two without a word."""
    if not (in_src(path) and path.endswith(".h")):
        return
    for number, name in types_of(text):
        home = homes_of_types().get(name, path)
        if home != path:
            yield number, f"{name} is defined in {home} too: rename one"


CHECKS = [check_arrows, check_headers, check_calls, check_header_guard, check_file_length,
          check_function_length, check_words, check_built, check_one_definition]


def project_files():
    """Tracked and new files, without what .gitignore names."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({name for name in names.split("\0") if name and (ROOT / name).is_file()})


def text_of(path):
    """The file's text, or None where it is not text."""
    data = (ROOT / path).read_bytes()
    return None if b"\0" in data else data.decode("utf-8", "replace")


def violations(check, paths=None):
    found = []
    for path in paths or project_files():
        text = text_of(path)
        if text is not None:
            found += [f"{path}:{number}: {what}" for number, what in check(path, text)]
    return found


def main():
    found = [line for check in CHECKS for line in violations(check)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
