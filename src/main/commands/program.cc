#include "main/commands/program.h"

namespace veredus::commands {
namespace {

std::string& name() {
  static std::string name = "veredus";
  return name;
}

}  // namespace

void set_program_name(const char* called) {
  if (called != nullptr && *called != '\0') name() = called;
}

const std::string& program_name() { return name(); }

}  // namespace veredus::commands
