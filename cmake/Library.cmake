# One static library a folder, with its tests, fuzz targets and micro-benchmarks beside the source.

# veredus_library(wire/smtp USES base LINK PkgConfig::IDN2)
#
# Called from src/CMakeLists.txt with the folder's name below src/. The target is the
# folder with '_' for '/' (wire_smtp). Sources are all *.cc of that folder; by their names
# *_test.cc go to wire_smtp_test, each *_fuzz.cc is a fuzz target of its own, and *_bench.cc
# go to wire_smtp_bench.
#
#   USES       our own folders this one may include; tools/check_layers holds it to that
#   LINK       third-party targets
#   TEST_USES  further folders of ours that only the tests use
function(veredus_library folder)
  cmake_parse_arguments(arg "" "" "USES;LINK;TEST_USES" ${ARGN})
  string(REPLACE "/" "_" target ${folder})
  set(dir ${CMAKE_SOURCE_DIR}/src/${folder})

  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${sources})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")

  set(visibility PUBLIC)
  if(sources)
    add_library(${target} STATIC ${sources})
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${target} ${visibility} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} ${visibility} ${arg_LINK})
  foreach(used IN LISTS arg_USES)
    string(REPLACE "/" "_" used ${used})
    target_link_libraries(${target} ${visibility} ${used})
  endforeach()

  if(tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} GTest::gtest GTest::gmock GTest::gtest_main)
    foreach(used IN LISTS arg_TEST_USES)
      string(REPLACE "/" "_" used ${used})
      target_link_libraries(${target}_test PRIVATE ${used})
    endforeach()
    veredus_test(${target}_test unit)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    veredus_fuzz_target(${target} ${fuzzer})
  endforeach()
  if(benches)
    add_executable(${target}_bench ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main)
  endif()
endfunction()

# Registers a test program with ctest under `label` (unit, conformance, sim, interop).
function(veredus_test target label)
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${target} PROPERTIES LABELS ${label} TIMEOUT 600)
endfunction()

# x_fuzz.cc has LLVMFuzzerTestOneInput. With VEREDUS_FUZZ it is linked with libFuzzer; otherwise
# with a driver that replays its seed corpus (tests/corpus/x/*) as a test.
function(veredus_fuzz_target library source)
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" subject ${name})
  set(target ${library}_${name})
  set(corpus ${CMAKE_SOURCE_DIR}/tests/corpus/${subject})
  if(VEREDUS_FUZZ)
    add_executable(${target} ${source})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${target} ${source} ${CMAKE_SOURCE_DIR}/tests/support/replay_corpus.cc)
    add_test(NAME ${target} COMMAND ${target} ${corpus} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
  target_link_libraries(${target} PRIVATE ${library})
endfunction()
