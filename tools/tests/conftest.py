"""Small made-up source trees to run the tools on."""

import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
from unittest import mock

import pytest

TOOLS = pathlib.Path(__file__).resolve().parent.parent


sys.path.insert(0, str(TOOLS))
sys.dont_write_bytecode = True


def load(tool):
    """The program tools/`tool`, which has no .py in its name, as a module."""
    loader = importlib.machinery.SourceFileLoader(tool, str(TOOLS / tool))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(tool, loader))
    loader.exec_module(module)
    return module


class Tree:
    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def read(self, path):
        return (self.root / path).read_text()

    def run(self, tool, *arguments):
        """Exit status and lines of output of tools/`tool` on this tree."""
        said = io.StringIO()
        named = [tool, "--root", str(self.root), *arguments]
        with mock.patch.object(sys, "argv", named), contextlib.redirect_stdout(said):
            status = load(tool).main()
        return status, said.getvalue().splitlines()


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
