# The system headers that most files include, parsed once for all of them: half the time of
# compiling. Only where there are sanitizers, so in the builds that tests run in: the release build
# goes without, and so proves that every file of the program includes what it needs.

set(VEREDUS_PRECOMPILED OFF)
if(VEREDUS_SANITIZE AND NOT VEREDUS_FUZZ)
  set(VEREDUS_PRECOMPILED ON)
endif()

# A target that compiles nothing but the headers named; LINK gives their folders and definitions,
# OPTIONS what its users are compiled with.
function(veredus_precompile name)
  cmake_parse_arguments(arg "" "" "LINK;HEADERS;OPTIONS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "// Every target has a source.\n")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# veredus_precompiled(TARGET): it has them at hand; without Asio's where Asio is not linked.
function(veredus_precompiled target)
  if(VEREDUS_PRECOMPILED AND target MATCHES "^(base|wire)(_|$)")
    target_precompile_headers(${target} REUSE_FROM precompiled_std)
  elseif(VEREDUS_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM precompiled_asio)
  endif()
endfunction()

# veredus_unoptimised(TARGET): a unit test in a build with sanitizers, not optimised: compiling them
# is most of such a build, and takes half the time so. The code under test is optimised all the same.
function(veredus_unoptimised target)
  if(NOT VEREDUS_PRECOMPILED)
    return()
  endif()
  target_compile_options(${target} PRIVATE -O0)
  if(target MATCHES "^(base|wire)(_|$)")
    target_precompile_headers(${target} REUSE_FROM precompiled_std_tests)
  else()
    target_precompile_headers(${target} REUSE_FROM precompiled_asio_tests)
  endif()
endfunction()

if(VEREDUS_PRECOMPILED)
  # A new file in place of an equal one leaves ccache's results as they are.
  add_compile_options(-Xclang -fno-pch-timestamp)
  set(std <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <deque> <expected>
    <filesystem> <fstream> <functional> <future> <iostream> <map> <memory> <mutex> <optional>
    <random> <ranges> <set> <span> <sstream> <string> <string_view> <thread> <tuple>
    <unordered_map> <utility> <variant> <vector> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
  set(asio any_io_executor as_tuple awaitable co_spawn io_context posix/stream_descriptor post prefer
    query steady_timer this_coro use_awaitable)
  list(TRANSFORM asio REPLACE "(.+)" "<boost/asio/\\1.hpp>")
  set(std_targets fmt::fmt GTest::gtest GTest::gmock)
  veredus_precompile(precompiled_std LINK ${std_targets} HEADERS ${std})
  veredus_precompile(precompiled_asio LINK ${std_targets} veredus_asio HEADERS ${std} ${asio})
  veredus_precompile(precompiled_std_tests LINK ${std_targets} HEADERS ${std} OPTIONS -O0)
  veredus_precompile(precompiled_asio_tests LINK ${std_targets} veredus_asio
    HEADERS ${std} ${asio} OPTIONS -O0)
endif()
