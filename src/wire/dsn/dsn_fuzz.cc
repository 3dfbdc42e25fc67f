// Any message is read; what a report says is written, read back the same, and breaks nothing.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/dsn/bounce.h"
#include "wire/dsn/report.h"
#include "wire/mime/charset.h"

namespace {

using namespace veredus::dsn;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_lines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    require(end != text.npos && end <= 998);
    require(text.substr(0, end).find_first_of("\r\n") == text.npos);
    text.remove_prefix(end + 2);
  }
}

void check_report(std::string_view content) {
  const Report report = read_report(content);
  const std::string written = write(report);
  require(veredus::mime::is_ascii(written));
  check_lines(written);
  const Report again = read_report(written);
  require(again.recipients.size() == report.recipients.size());
  for (std::size_t i = 0; i < report.recipients.size(); ++i) {
    require(again.recipients[i].action == report.recipients[i].action);
    require(again.recipients[i].status == report.recipients[i].status);
  }
  // Once written it is in one form: writing what was read changes nothing more.
  const std::string third = write(again);
  require(read_report(third).recipients.size() == again.recipients.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const Bounce bounce = read_bounce(message);
  require(bounce.kind == MailKind::none || !bounce.form.empty());
  check_report(message);
  return 0;
}
