// A completed message is the same wherever it was cut, complete, without Bcc, and stays as it is
// when it is completed again; its body and other fields are as they were.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/submitted.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string completed(std::string_view message, std::size_t cut) {
  HeaderCompleter completer({.time = {}, .random = 1, .hostname = "h.example", .from = "f@x"});
  std::string out;
  completer.feed(message.substr(0, cut), out);
  completer.feed(message.substr(cut), out);
  completer.finish(out);
  return completer.scanner().over_limit() ? std::string() : out;
}

std::string kept_fields(std::string_view message) {
  std::string out;
  for (const Field& field : scan_header(message, {1 << 20, 1 << 20}).fields) {
    const std::string name(field.name);
    if (name == "Date" || name == "Message-ID" || name == "From") continue;
    if (HeaderRecipients(recipients_of(name + ": x@y\r\n")).mailboxes.empty())
      out += name + ':' + std::string(field.body) + '\n';
  }
  return out;
}

void check(std::string_view message) {
  const std::string once = completed(message, message.size() / 3);
  if (once.empty()) return;
  require(once == completed(message, message.size()));
  const Header header = scan_header(once, {1 << 20, 1 << 20});
  for (const char* name : {"Date", "Message-ID", "From"}) require(header.find(name) != nullptr);
  for (const char* name : {"Bcc", "Resent-Bcc"}) require(header.find(name) == nullptr);
  require(kept_fields(once) == kept_fields(message));
  const std::string twice = completed(once, once.size() / 2);
  require(twice.empty() || twice == once);
  if (const auto found = authors(once)) require(!found->empty());
  recipients_of(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
