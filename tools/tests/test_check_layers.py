"""What the layer check lets through and what it names."""

import pytest

LIBRARIES = """
# veredus_library(commented/out USES nothing)
veredus_library(base)
veredus_library(wire/smtp USES base LINK Some::Library)
veredus_library(io USES base TEST_USES wire/smtp)
veredus_library(mail/queue USES io)
veredus_library(mail/deliver
  USES mail/queue
       wire/smtp)
veredus_library(main USES mail/deliver)
"""


@pytest.fixture
def small(tree):
    tree.write("src/CMakeLists.txt", LIBRARIES)
    tree.write("src/base/text.h", "// Text.\n")
    tree.write("src/wire/smtp/reply.h", '#include "base/text.h"\n')
    tree.write("src/io/task.h", "#include <boost/asio/awaitable.hpp>\n")
    tree.write("src/io/heavy.h", "#include <boost/asio/post.hpp>\n")
    tree.write("src/io/above.h", '#include "io/heavy.h"\n')
    tree.write("src/mail/queue/spool.h", '#include <string>\n#include "io/task.h"\n')
    tree.write("src/mail/deliver/client.cc", '#include "base/text.h"\n#include "mail/queue/spool.h"\n')
    return tree


def problems(tree):
    status, lines = tree.run("check_layers")
    assert (status == 0) == (not lines)
    return lines


def test_a_tree_in_order_passes(small):
    assert problems(small) == []


@pytest.mark.parametrize(
    ("path", "text", "place", "said"),
    [
        ("src/base/a.cc", '#include <string>\n#include "io/task.h"\n', "src/base/a.cc:2", "base does not use io"),
        ("src/wire/smtp/a.cc", "\n\n#include <boost/asio.hpp>\n", "src/wire/smtp/a.cc:3", "Asio"),
        ("src/wire/smtp/a.cc", "#include <openssl/evp.h>\n", "src/wire/smtp/a.cc:1", "OpenSSL"),
        ("src/wire/smtp/a.cc", "#include <sys/socket.h>\n", "src/wire/smtp/a.cc:1", "behind the seams"),
        ("src/wire/smtp/a.cc", "#include <coroutine>\n", "src/wire/smtp/a.cc:1", "wire/ is pure"),
        ("src/mail/queue/a.cc", '#include "io/heavy.h"\n', "src/mail/queue/a.cc:1", "Asio along"),
        ("src/mail/queue/a.h", '#include "io/above.h"\n', "src/mail/queue/a.h:1", "Asio along"),
        ("src/mail/queue/a.cc", "#include <rocksdb/db.h>\n", "src/mail/queue/a.cc:1", "RocksDB"),
        ("src/mail/queue/a.cc", '#include "wire/smtp/reply.h"\n', "src/mail/queue/a.cc:1", "USES"),
        ("src/mail/queue/a.cc", '#include "spool.h"\n', "src/mail/queue/a.cc:1", "from src/"),
        ("src/attic/a.cc", "int x;\n", "src/attic/a.cc:1", "no veredus_library line"),
    ],
)
def test_a_wrong_include_is_named(small, path, text, place, said):
    small.write(path, text)
    lines = problems(small)
    assert len(lines) == 1
    assert lines[0].startswith(f"{place}: ")
    assert said in lines[0]


@pytest.mark.parametrize("path", ["src/io/a.cc", "src/io/sim/a.h"])
def test_asio_is_allowed_in_io(small, path):
    small.write("src/CMakeLists.txt", LIBRARIES + "veredus_library(io/sim USES io)\n")
    small.write(path, "#include <boost/asio.hpp>\n")
    assert problems(small) == []


def test_only_tests_may_use_what_is_declared_for_tests(small):
    small.write("src/io/a_test.cc", '#include "wire/smtp/reply.h"\n')
    assert problems(small) == []
    small.write("src/io/a.cc", '#include "wire/smtp/reply.h"\n')
    assert len(problems(small)) == 1


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ("veredus_library(storage USES mail/queue)", "rings point inward"),
        ("veredus_library(mail/policy USES mail/deliver)", "mail/deliver is a driver"),
        ("veredus_library(mail/accept USES mail/deliver)", "mail/deliver is a driver"),
        ("veredus_library(mail/policy USES mail/rout)", "not declared"),
        ("veredus_library(mail/a USES mail/b)\nveredus_library(mail/b USES mail/a)", "circle"),
        ("veredus_library(attic USES base)", "none of the rings"),
    ],
)
def test_a_wrong_declaration_is_named(small, declaration, said):
    small.write("src/CMakeLists.txt", LIBRARIES + declaration + "\n")
    lines = problems(small)
    assert lines
    assert all(line.startswith("src/CMakeLists.txt:") for line in lines)
    assert said in lines[0]
