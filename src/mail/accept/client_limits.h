// How many sessions there are, in all and for each client address.

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "io/endpoint.h"
#include "mail/accept/config.h"

namespace veredus::accept {

/// Thread-safe; asked once a connection, never on the path of a message.
class ClientLimits {
 public:
  /// Counts one session while it lives.
  class Seat {
   public:
    Seat(ClientLimits& limits, IpAddress client) : limits_(&limits), client_(client) {}
    ~Seat();
    Seat(Seat&& other) noexcept : limits_(other.limits_), client_(other.client_) {
      other.limits_ = nullptr;
    }
    Seat& operator=(Seat&&) = delete;

   private:
    ClientLimits* limits_;
    IpAddress client_;
  };

  /// Nothing when there is no room: too many in all, or, unless `trusted`, from this client.
  std::optional<Seat> enter(const io::Endpoint& client, const AcceptConfig& config, bool trusted);
  std::uint32_t total() const;

 private:
  void leave(const IpAddress& client);

  mutable std::mutex mutex_;
  std::map<IpAddress, std::uint32_t> per_client_;
  std::uint32_t total_ = 0;
};

}  // namespace veredus::accept
