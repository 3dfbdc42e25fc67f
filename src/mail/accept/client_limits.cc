#include "mail/accept/client_limits.h"

namespace veredus::accept {
namespace {

/// All of a household's or server's IPv6 addresses are one client: the /64 (RFC 6177 §2).
IpAddress client_of(const io::Endpoint& endpoint) {
  if (endpoint.is_unix() || endpoint.address().is_v4()) return endpoint.address();
  std::array<std::uint8_t, 16> octets{};
  const std::string_view all = endpoint.address().octets();
  for (std::size_t i = 0; i < 8; ++i) octets[i] = static_cast<std::uint8_t>(all[i]);
  return IpAddress::v6(octets);
}

}  // namespace

ClientLimits::Seat::~Seat() {
  if (limits_ != nullptr) limits_->leave(client_);
}

std::optional<ClientLimits::Seat> ClientLimits::enter(const io::Endpoint& client,
                                                      const AcceptConfig& config, bool trusted) {
  const IpAddress address = client_of(client);
  const std::scoped_lock lock(mutex_);
  if (total_ >= config.sessions_max) return std::nullopt;
  std::uint32_t& own = per_client_[address];
  if (!trusted && own >= config.sessions_per_client_max) return std::nullopt;
  ++own;
  ++total_;
  return Seat(*this, address);
}

void ClientLimits::leave(const IpAddress& client) {
  const std::scoped_lock lock(mutex_);
  --total_;
  const auto found = per_client_.find(client);
  if (--found->second == 0) per_client_.erase(found);
}

std::uint32_t ClientLimits::total() const {
  const std::scoped_lock lock(mutex_);
  return total_;
}

}  // namespace veredus::accept
