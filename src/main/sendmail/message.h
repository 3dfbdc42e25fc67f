// The message that a program hands to sendmail(1), made ready for SMTP.

#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <istream>
#include <string>
#include <vector>

#include "main/sendmail/options.h"
#include "wire/smtp/address.h"

namespace veredus::sendmail {

/// Why it did not work: a sentence, and the exit code of sysexits.h.
struct Failure {
  int status = 0;
  std::string text;
};

/// Reads a message: lines that end with LF, CRLF or CR, which all become CRLF; also a last one
/// without. NUL octets, which no mail can carry, are left out. With `dot_ends` a line of a single
/// dot is the end. Errors: EX_IOERR, EX_DATAERR (more than `octets_max`).
[[nodiscard]] std::expected<std::string, Failure> read_message(std::istream& in, bool dot_ends,
                                                               std::uint64_t octets_max);

/// Who sends, from where and when.
struct Circumstances {
  std::string login;
  std::string full_name;
  std::string hostname;
  std::string domain;  ///< For addresses without one.
  std::chrono::system_clock::time_point time;
  std::uint64_t random = 0;
};

/// Ready to be handed over.
struct Submission {
  smtp::ReversePath sender;
  std::vector<smtp::Address> recipients;  ///< At least one, each once.
  std::string message;
};

/// Finds sender and recipients, and completes the header (wire/mime/submitted.h). Errors: EX_USAGE
/// (no recipients named, a bad address among them), EX_DATAERR (none in the header, or a bad one).
[[nodiscard]] std::expected<Submission, Failure> make_submission(const Options& options,
                                                                 const Circumstances& circumstances,
                                                                 const std::string& message);

}  // namespace veredus::sendmail
