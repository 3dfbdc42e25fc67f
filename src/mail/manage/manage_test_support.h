// Messages and destinations for the tests of this room.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "mail/queue/queue.h"

namespace veredus::manage {

/// A message that was not tried yet.
inline queue::Listed listed_message(std::string_view id, std::string_view sender,
                                    const std::vector<std::string>& recipients) {
  queue::Listed listed;
  listed.envelope.id = *parse_queue_id(id);
  if (!sender.empty()) listed.envelope.sender = smtp::ReversePath(*smtp::Address::parse(sender));
  for (const std::string& recipient : recipients)
    listed.envelope.recipients.push_back(
        {.address = *smtp::Address::parse(recipient), .original = {}, .orcpt = {}, .notify = {}});
  listed.standings.resize(recipients.size());
  return listed;
}

/// Every domain by its MX hosts.
inline std::string mx_of(const queue::Recipient& recipient) {
  return "mx:" + std::string(recipient.address.host_text());
}

inline boost::json::object object_of(std::string_view text) {
  return boost::json::parse(text).as_object();
}

}  // namespace veredus::manage
