// Reads what follows DATA: decodes it, checks it, keeps small messages and streams large ones out.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "io/connection.h"
#include "io/task.h"
#include "mail/accept/config.h"
#include "mail/accept/load.h"
#include "mail/accept/settings.h"
#include "mail/queue/queue.h"
#include "wire/mime/header.h"
#include "wire/mime/submitted.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/reply.h"

namespace veredus::accept {

/// Mail of a user of ours: its header is completed and looked at (RFC 6409 §8).
struct Submitted {
  mime::Completion completion;
  /// The reply that refuses a header as its writer made it, or nothing. May be empty.
  std::function<std::optional<smtp::Reply>(std::string_view header)> judge;
};

/// One message. Memory stays under AcceptConfig::memory_bytes_max and a chunk, whatever its size;
/// under two chunks while all messages together are over memory_bytes_total_max.
///
/// Whatever is wrong with a message, it is read to its true end first: what follows a message
/// that we gave up on would be taken for commands. From where it is sure to be refused nothing of
/// it is kept.
class MessageReader {
 public:
  /// Borrows `config` and `surroundings`. `trace` goes in front of the message.
  MessageReader(const AcceptConfig& config, const Surroundings& surroundings, QueueId id,
                std::string trace, std::optional<Submitted> submitted = std::nullopt);

  /// Reads to the end of the message. The reply that refuses it, or nothing when it is fit to be
  /// queued. Errors: the connection's (then nothing more can be said), overloaded when the client
  /// goes on far beyond the size limit (say so and close), cancelled when a piece or the whole
  /// takes too long (the same).
  io::Task<Result<std::optional<smtp::Reply>>> read(io::Connection& connection);

  /// Moves the body into `message` and notes its size, chunks, Message-ID and 8-bit content.
  void give(queue::Message& message);
  /// Gives back what a refused or broken-off message had streamed out.
  io::Task<> discard();

 private:
  /// Why a message is refused; of several, the first in this order.
  enum class Flaw : std::uint8_t {
    none,
    too_large,
    bare_newline,
    nul,
    long_line,
    long_header,
    loop,
    header,
    storage
  };

  io::Task<Result<>> wait_for_more(io::Connection& connection, SteadyTime until);
  void consume(io::Connection& connection);
  void complete_header(std::size_t before);
  io::Task<> finish_chunk();
  io::Task<> spill();
  Flaw flaw() const noexcept;
  /// It will be refused: read on, keep nothing.
  bool is_lost() const noexcept { return flaw() != Flaw::none; }
  std::optional<smtp::Reply> verdict() const;

  const AcceptConfig& config_;
  queue::Queue& queue_;
  const io::Clock& clock_;
  QueueId id_;
  smtp::DataDecoder decoder_;
  mime::HeaderScanner scanner_;
  std::function<std::optional<smtp::Reply>(std::string_view)> judge_;
  std::optional<mime::HeaderCompleter> completer_;
  std::optional<smtp::Reply> header_refusal_;
  std::string chunk_;           ///< The last, unfinished chunk.
  std::vector<Bytes> chunks_;   ///< Finished and still in memory.
  BodyShare share_;             ///< Of both.
  std::uint32_t appended_ = 0;  ///< Finished and streamed out before those.
  std::uint64_t size_ = 0;      ///< As stored, our trace included.
  std::uint64_t decoded_ = 0;   ///< Of the client's message.
  bool complete_ = false;
  std::optional<Error> storage_error_;
};

/// What the client hears when its message cannot be stored: nothing about our disk.
smtp::Reply storage_refusal(const Error& error);

}  // namespace veredus::accept
