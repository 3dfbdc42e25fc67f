# Third-party libraries, as Debian 12 packages them; docs/dependencies.md says why each is here.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(RocksDB REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)

# What is not found is not built: the program itself needs none of these (tools/packages.txt).
find_package(GTest)
find_package(benchmark)
find_package(pugixml)
if(VEREDUS_SANITIZE AND NOT VEREDUS_FUZZ AND NOT (GTest_FOUND AND benchmark_FOUND AND pugixml_FOUND))
  message(FATAL_ERROR "The tests need more packages: run tools/setup.")
endif()

find_package(PkgConfig REQUIRED)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# Its -pthread would part the files that use it from the headers precompiled for all.
set_target_properties(PkgConfig::RE2 PROPERTIES INTERFACE_COMPILE_OPTIONS "")

pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(GSASL REQUIRED IMPORTED_TARGET libgsasl)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
find_library(PAM_LIBRARY pam REQUIRED)
# Of the program as it is shipped alone: sanitizers bring their own allocator.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  find_library(TCMALLOC_LIBRARY tcmalloc_minimal REQUIRED)
endif()

# By name: libunbound.pc asks for libevent's headers, which we have no use for.
find_library(UNBOUND_LIBRARY unbound REQUIRED)

# Asio, compiled once (src/io/asio.cc) instead of in every file that includes it.
add_library(veredus_asio INTERFACE)
target_link_libraries(veredus_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(veredus_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)
