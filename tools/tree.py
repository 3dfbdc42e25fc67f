"""What the tools share: which files are ours, and how to read C++ well enough to check it."""

import pathlib
import re
import sys

SKIPPED = {".git", "build", "run", "__pycache__", ".pytest_cache", "node_modules"}


def root_of(argv0):
    """The repository a tool belongs to: the folder above tools/."""
    return pathlib.Path(argv0).resolve().parent.parent


def files(root, folders, suffixes):
    """The files below `folders` of `root` with one of `suffixes`, sorted, build trees left out."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            if path.suffix in suffixes and path.is_file() and not SKIPPED.intersection(inside):
                found.append(path)
    return found


_NOT_CODE = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
      | "(?:[^"\\\n]|\\.)*"
      | (?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'
    """,
    re.DOTALL | re.VERBOSE,
)


def code_only(text):
    """`text` with comments and literals blanked out; every offset and line stays where it was."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return _NOT_CODE.sub(blank, text)


def without_literals(text):
    """`text` with its string and character literals blanked out, comments kept."""

    def blank(match):
        found = match.group()
        return found if found.startswith("/") else re.sub(r"[^\n]", " ", found)

    return _NOT_CODE.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(name, problems, advice):
    """Prints what is wrong and gives the exit status of the tool."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} problem(s). {advice}", file=sys.stderr)
    return 1 if problems else 0
