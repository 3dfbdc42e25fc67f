// Whatever somebody who may open the control socket writes: a filter that was accepted can be said
// again and means the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "mail/manage/filter.h"
#include "mail/manage/handlers.h"

namespace {

namespace json = boost::json;
namespace manage = veredus::manage;

veredus::queue::Listed message() {
  veredus::queue::Listed listed;
  listed.envelope.recipients.push_back(
      {.address = *veredus::smtp::Address::parse("you@far.example"),
       .original = "sales@example.test",
       .orcpt = {},
       .notify = {}});
  listed.standings.resize(1);
  return listed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return 0;
  const auto filter = manage::filter_of(parsed.get_object());
  if (!filter) return 0;
  const auto again = manage::parse_filter(manage::to_json(*filter));
  if (!again || *again != *filter) std::abort();
  const manage::Vantage vantage{{},
                                [](const veredus::queue::Recipient&) { return "mx:far.example"; }};
  const auto found = manage::matching(*filter, message(), vantage);
  if (found != manage::matching(*again, message(), vantage)) std::abort();
  return 0;
}
