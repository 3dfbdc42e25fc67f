// The log of thousands of failing commits helps nobody; that of one replayed seed does.

#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

#include "base/log.h"

// Where memory was allocated helps only whoever replays a seed: ASAN_OPTIONS says more then.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=0:quarantine_size_mb=8";
}

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  veredus::log::LogConfig config;
  if (std::getenv("VEREDUS_SEED") == nullptr)
    config = {.level = veredus::log::Level::error, .format = config.format, .file = "/dev/null"};
  if (const auto started = veredus::log::start(config); !started) {
    std::cerr << started.error().text() << "\n";
    return EXIT_FAILURE;
  }
  const int failed = RUN_ALL_TESTS();
  veredus::log::stop();
  return failed;
}
