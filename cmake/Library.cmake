# One static library a folder, with its tests, fuzz targets and micro-benchmarks beside the source.

# The unit tests that start threads: they run under the thread sanitizer too (ctest label
# `threads`, build target `threaded_tests`).
set(VEREDUS_THREADED "^(io|io_sim|storage|storage_memory|storage_journal|storage_rocksdb|mail_deliver|mail_queue|main)_test$")

# With VEREDUS_FUZZ only libFuzzer programs are wanted; all else is built when it is named.
if(VEREDUS_FUZZ)
  set(VEREDUS_NOT_FUZZ EXCLUDE_FROM_ALL)
endif()

add_custom_target(fuzzers COMMENT "All fuzz targets")
add_custom_target(threaded_tests COMMENT "The tests for the thread sanitizer")
add_custom_target(benches COMMENT "All micro-benchmarks")

# veredus_library(wire/smtp USES base LINK PkgConfig::IDN2)
#
# Called from src/CMakeLists.txt with the folder's name below src/. The target is the
# folder with '_' for '/' (wire_smtp). Sources are all *.cc of that folder; by their names
# *_test.cc go to wire_smtp_test, each *_fuzz.cc is a fuzz target of its own, and *_bench.cc
# go to wire_smtp_bench.
#
#   USES       our own folders this one may include; tools/check_layers holds it to that
#   LINK       third-party targets
#   TEST_USES  further folders of ours that only the tests and benchmarks use
#   TEST_LINK  third-party targets that only the tests use
#   PROGRAM    name: name.cc has main() and becomes build/<preset>/name, not part of the library
function(veredus_library folder)
  cmake_parse_arguments(arg "" "PROGRAM" "USES;LINK;TEST_USES;TEST_LINK" ${ARGN})
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
  if(arg_PROGRAM)
    list(REMOVE_ITEM sources ${dir}/${arg_PROGRAM}.cc)
  endif()

  set(visibility PUBLIC)
  if(sources)
    add_library(${target} STATIC ${VEREDUS_NOT_FUZZ} ${sources})
    veredus_precompiled(${target})
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

  if(arg_PROGRAM)
    add_executable(${arg_PROGRAM} ${VEREDUS_NOT_FUZZ} ${dir}/${arg_PROGRAM}.cc)
    target_link_libraries(${arg_PROGRAM} PRIVATE ${target})
    veredus_allocator(${arg_PROGRAM})
    set_target_properties(${arg_PROGRAM} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    install(TARGETS ${arg_PROGRAM} RUNTIME DESTINATION bin)
  endif()
  if(tests AND GTest_FOUND)
    add_executable(${target}_test ${VEREDUS_NOT_FUZZ} ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${arg_TEST_LINK}
      GTest::gtest GTest::gmock GTest::gtest_main)
    foreach(used IN LISTS arg_TEST_USES)
      string(REPLACE "/" "_" used ${used})
      target_link_libraries(${target}_test PRIVATE ${used})
    endforeach()
    veredus_unoptimised(${target}_test)
    veredus_test(${target}_test unit)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    veredus_fuzz_target(${target} ${fuzzer})
  endforeach()
  if(benches AND benchmark_FOUND)
    add_executable(${target}_bench ${VEREDUS_NOT_FUZZ} ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main)
    foreach(used IN LISTS arg_TEST_USES)
      string(REPLACE "/" "_" used ${used})
      target_link_libraries(${target}_bench PRIVATE ${used})
    endforeach()
    add_dependencies(benches ${target}_bench)
  endif()
endfunction()

# Gives a program the allocator that the server has, where the build has it.
function(veredus_allocator target)
  if(TCMALLOC_LIBRARY)
    # Nothing is called by name: the linker must not leave it out.
    target_link_libraries(${target} PRIVATE -Wl,--push-state,--no-as-needed ${TCMALLOC_LIBRARY} -Wl,--pop-state)
  endif()
endfunction()

# Registers a test program with ctest under `label` (unit, conformance, sim, interop).
function(veredus_test target label)
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(target MATCHES "${VEREDUS_THREADED}")
    add_dependencies(threaded_tests ${target})
    list(APPEND label threads)
  endif()
  set_tests_properties(${target} PROPERTIES LABELS "${label}" TIMEOUT 600
    ENVIRONMENT "${VEREDUS_TEST_ENVIRONMENT}")
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
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  else()
    add_executable(${target} ${source} ${CMAKE_SOURCE_DIR}/tests/support/replay_corpus.cc)
    veredus_precompiled(${target})
    add_test(NAME ${target} COMMAND ${target} ${corpus} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 120
      ENVIRONMENT "${VEREDUS_TEST_ENVIRONMENT}")
  endif()
  add_dependencies(fuzzers ${target})
  target_link_libraries(${target} PRIVATE ${library})
endfunction()
