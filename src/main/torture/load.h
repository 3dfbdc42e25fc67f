// The load of a torture run: sessions that send and note what was acknowledged.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "io/endpoint.h"
#include "io/system.h"
#include "main/send/sender.h"
#include "main/torture/books.h"

namespace veredus::torture {

struct LoadOrder {
  io::Endpoint server;
  std::uint32_t sessions = 20;
  /// With more copies acknowledged and not yet arrived it waits for them.
  std::size_t outstanding_max = 20'000;
  /// A server that is silent for longer has not answered.
  std::chrono::seconds deadline{60};
};

/// On the first reactor alone. Destroy it when the reactors run no more.
class Load {
 public:
  /// `books` outlives it.
  Load(const io::System& system, LoadOrder order, Books& books)
      : system_(system), order_(std::move(order)), books_(books) {}

  /// Begins. From any thread.
  void start();
  /// Each session ends after the message in hand. On the reactor.
  void stop() noexcept { stopping_ = true; }
  /// Sessions that have not ended. On the reactor.
  std::uint32_t working() const noexcept { return working_; }

 private:
  static io::Task<> work(Load& load);
  io::Task<Result<>> work_on_one_connection();
  io::Task<Result<>> send_one(send::Sender& sender, const SteadyTime& dot);
  void note(std::uint64_t number, const Mail& mail, const send::Sender& sender,
            Acknowledgement acknowledgement);

  io::System system_;
  LoadOrder order_;
  Books& books_;
  bool stopping_ = false;
  std::uint32_t working_ = 0;
};

/// The queue id in a reply to DATA: its first word that is one; 0 when none is.
QueueId id_in(std::string_view reply);

}  // namespace veredus::torture
