// The messages that `veredus send` writes itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace veredus::send {

struct Letter {
  std::string sender;                   ///< For From; empty: the null sender.
  std::vector<std::string> recipients;  ///< For To.
  std::string subject;
  std::string domain;      ///< For Message-ID.
  std::uint64_t run = 0;   ///< Makes Message-IDs of different runs differ.
  std::size_t octets = 0;  ///< The least size: short ones are filled up with text.
};

/// The `number`th message of a run: valid by RFC 5322, with CRLF line ends.
std::string write_letter(const Letter& letter, std::uint64_t number, WallTime now);

}  // namespace veredus::send
