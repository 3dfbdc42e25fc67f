# The compiler, its warnings, and the flags of each kind of build (see CMakePresets.json).

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "Veredus is built with clang 19: GCC 12 miscompiles some coroutines (it destroys "
    "temporaries twice when they share an expression with co_await). Run tools/setup, then "
    "configure with 'cmake --preset dev'.")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Veredus needs clang 19 or newer, this is ${CMAKE_CXX_COMPILER_VERSION}. Run tools/setup.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(VEREDUS_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
option(VEREDUS_FUZZ "Build the fuzz targets for libFuzzer instead of replaying their corpus" OFF)
option(VEREDUS_LTO "Optimise across files (ThinLTO, linked with lld 19)" OFF)

find_program(VEREDUS_CCACHE ccache)
if(VEREDUS_CCACHE)
  # What ccache has to overlook where headers are precompiled (Precompiled.cmake).
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${VEREDUS_CCACHE})
endif()
find_program(VEREDUS_MOLD mold)
if(VEREDUS_LTO)
  find_program(VEREDUS_LLD ld.lld-19 REQUIRED)  # Debian package lld-19; mold needs a plug-in for this.
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  add_link_options(--ld-path=${VEREDUS_LLD})
elseif(VEREDUS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Wthread-safety -Werror
  -fcolor-diagnostics -fno-omit-frame-pointer)

if(VEREDUS_SANITIZE)
  add_compile_options(-fsanitize=${VEREDUS_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VEREDUS_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(VEREDUS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Hardening of what runs on the open internet; each costs little.
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -ftrivial-auto-var-init=zero -fPIE)
  add_compile_definitions(_FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# How the sanitizers report in tests; the suppressions are for uninstrumented libraries.
find_program(VEREDUS_SYMBOLIZER llvm-symbolizer-19)
set(VEREDUS_TEST_ENVIRONMENT
  ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:external_symbolizer_path=${VEREDUS_SYMBOLIZER}
  UBSAN_OPTIONS=print_stacktrace=1:external_symbolizer_path=${VEREDUS_SYMBOLIZER}
  LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tools/lsan.supp:print_suppressions=0
  TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tools/tsan.supp:halt_on_error=1:second_deadlock_stack=1:external_symbolizer_path=${VEREDUS_SYMBOLIZER})
