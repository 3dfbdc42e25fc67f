#include "main/commands/version.h"

#include <iostream>

#include <boost/version.hpp>

#include "main/commands/command.h"

namespace veredus::commands {

void add_version(const Command& program) {
  program.add("version", "This program's version and how it was built").run([] {
    std::cout << "veredus " << kVersion << "\nbuilt with " << __VERSION__ << ", Boost "
              << BOOST_LIB_VERSION << '\n';
    return kDone;
  });
}

}  // namespace veredus::commands
