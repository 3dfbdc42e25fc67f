#include "mail/manage/directory_words.h"

#include <utility>

#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "wire/smtp/address.h"

namespace veredus::manage {

Result<std::string> parse_address(std::string_view text) {
  const auto address = smtp::Address::parse(text);
  if (!address)
    return fail(Fault::malformed,
                printable(text) + " is not an address: " + address.error().text());
  return ascii_lower(address->text());
}

Result<std::string> parse_domain(std::string_view text) {
  const auto domain = smtp::Domain::parse(text);
  if (!domain)
    return fail(Fault::malformed, printable(text) + " is not a domain: " + domain.error().text());
  return ascii_lower(domain->ascii());
}

Result<> check_domain(const Asked& asked, const directory::Kept& kept, const std::string& address) {
  const std::string domain = address.substr(address.rfind('@') + 1);
  if (kept.domains.contains(domain) || asked.around.directory->is_configured(domain)) return {};
  return fail(Fault::refused,
              domain + " is none of our domains: `veredus domain add " + domain + "` makes it one");
}

io::Task<Result<>> put(const Asked& asked, boost::json::object line) {
  const Result<> written = co_await asked.sink.put(boost::json::serialize(line));
  co_return written;
}

}  // namespace veredus::manage
