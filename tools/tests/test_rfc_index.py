"""Which citations are counted, which are refused, and when the index is stale."""

import pytest

STATUS = """
[5321]
title = 'Simple Mail Transfer Protocol'
status = "supported"

[2920]
title = 'Pipelining'
status = "planned"
"""


@pytest.fixture
def small(tree):
    tree.write("tools/rfc_status.toml", STATUS)
    tree.write("src/a.h", "// Replies (RFC 5321 §4.2 and §4.3.2; RFC 5321\n// §4.5.3.1.8).\n")
    tree.write("src/b.cc", "/// As RFC 5321 §4.2, §B says.\n// Also RFC 5321.\n")
    return tree


def test_index_lists_sections_in_order_with_files(small):
    assert small.run("rfc_index") == (0, [])
    text = small.read("docs/rfc.md")
    assert "| [5321](#rfc-5321) | Simple Mail Transfer Protocol | supported |" in text
    assert "| 2920 | Pipelining | planned |" in text
    listed = [line for line in text.splitlines() if line.startswith(("- §", "- as"))]
    assert listed == [
        "- as a whole: [b.cc](../src/b.cc)",
        "- §4.2: [a.h](../src/a.h), [b.cc](../src/b.cc)",
        "- §4.3.2: [a.h](../src/a.h)",
        "- §4.5.3.1.8: [a.h](../src/a.h)",
        "- §B: [b.cc](../src/b.cc)",
    ]


def test_check_passes_until_a_citation_comes_or_goes(small):
    assert small.run("rfc_index", "--check") == (1, ["docs/rfc.md: stale"])
    small.run("rfc_index")
    assert small.run("rfc_index", "--check") == (0, [])
    small.write("src/a.h", "\n\n\n" + small.read("src/a.h"))  # Lines may move.
    assert small.run("rfc_index", "--check") == (0, [])
    small.write("src/b.cc", "// RFC 2920 §3.1\n")
    assert small.run("rfc_index", "--check") == (1, ["docs/rfc.md: stale"])


@pytest.mark.parametrize(
    "text",
    [
        "RFC5321",
        "RFC-5321 §4",
        "rfc 5321 §4",
        "RFC 5321 section 4.2",
        "RFC 5321, Section 4.2",
        "RFC 5321 (section 4.2)",
        "RFC 5321 Appendix B",
        "RFC 5321 4.2",
        "RFC 5321 § 4.2",
        "RFC 5321§4.2",
        "RFC 5321, §4.2",
    ],
)
def test_another_form_is_refused_with_its_place(small, text):
    small.write("src/b.cc", f"// One.\n// {text}\n")
    status, lines = small.run("rfc_index", "--check")
    assert status == 1
    assert lines[0].startswith("src/b.cc:2: ")


@pytest.mark.parametrize("text", ["Rfc5321Section4", "rfc5321.txt", "RFC 5321. Then", "RFC 5321 has 4", '\nsay("RFC 5321 2.3")'])
def test_what_is_no_citation_is_left_alone(small, text):
    small.write("src/b.cc", f"// {text}\n")
    assert small.run("rfc_index") == (0, [])


def test_an_rfc_without_status_is_named(small):
    small.write("src/b.cc", "// RFC 1870 §3\n")
    status, lines = small.run("rfc_index")
    assert status == 1
    assert lines == ["src/b.cc: RFC 1870 has no entry in tools/rfc_status.toml"]


@pytest.mark.parametrize(
    "entry", ['title = "x"\nstatus = "done"', 'status = "planned"', 'title = "x"\nstatus = "partial"']
)
def test_a_wrong_status_entry_is_named(small, entry):
    small.write("tools/rfc_status.toml", f"{STATUS}\n[1870]\n{entry}\n")
    status, lines = small.run("rfc_index")
    assert status == 1
    assert lines[0].startswith("rfc_status.toml: 1870: ")
