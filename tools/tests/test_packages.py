"""The one list of packages: in order, explained, and free of what starts services."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINES = [
    line.split(maxsplit=2)
    for line in (ROOT / "tools/packages.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]
NAMES = [line[0].split("/")[0] for line in LINES]
# They would listen on ports, or take the place of the machine's own mail server.
SERVICES = r"postfix|exim4?|dovecot|sendmail|opensmtpd|nsd|knot|bind9|unbound|postgresql|redis"


def test_there_is_a_list():
    assert len(LINES) > 20
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("line", LINES, ids=NAMES)
def test_a_line_has_a_group_and_a_reason(line):
    assert len(line) == 3
    assert line[1] in ("build", "check", "test")


@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_explained_in_the_documents(name):
    text = (ROOT / "docs/dependencies.md").read_text()
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)


@pytest.mark.parametrize("name", NAMES)
def test_no_package_starts_a_service(name):
    assert not re.fullmatch(rf"({SERVICES})(-.*)?", name)
