#include "mail/accept/client_name.h"

#include <algorithm>
#include <utility>

#include "wire/dns/records.h"

namespace veredus::accept {
namespace {

constexpr std::size_t kNamesMax = 5;  // A client with more reverse names has none that matters.

io::Task<bool> leads_back(io::Resolver& resolver, std::string name, IpAddress address) {
  const dns::Type type = address.is_v4() ? dns::Type::a : dns::Type::aaaa;
  const auto answer = co_await resolver.lookup(std::move(name), type);
  if (!answer) co_return false;
  const auto addresses = address.is_v4() ? dns::a_records(*answer) : dns::aaaa_records(*answer);
  co_return addresses&& std::ranges::find(*addresses, address) != addresses->end();
}

}  // namespace

struct ClientName::State {
  std::unique_ptr<io::Signal> done;
  std::string name;
  bool is_done = false;
};

ClientName::ClientName(const Surroundings& surroundings, io::Reactor& reactor,
                       const IpAddress& address)
    : clock_(surroundings.system.clock), state_(std::make_shared<State>()) {
  LookupShare share(surroundings.load);
  if (surroundings.load->name_lookups > kLookupsMax) {
    state_->is_done = true;
    return;
  }
  state_->done = clock_.signal();
  reactor.spawn("client_name",
                look_up(state_, std::move(share), surroundings.system.resolver, address));
}

io::Task<> ClientName::look_up(std::shared_ptr<State> state, LookupShare /*share*/,
                               io::Resolver& resolver, IpAddress address) {
  const auto answer = co_await resolver.lookup(address.reverse_name(), dns::Type::ptr);
  if (answer) {
    const auto names = dns::ptr_records(*answer);
    for (std::size_t i = 0; names && i < std::min(names->size(), kNamesMax); ++i) {
      const bool verified = co_await leads_back(resolver, (*names)[i], address);
      if (!verified) continue;
      state->name = (*names)[i];
      break;
    }
  }
  state->is_done = true;
  state->done->raise();
}

io::Task<std::string> ClientName::get(Duration patience) {
  if (!state_->is_done) co_await state_->done->wait_until(clock_.now() + patience);
  co_return state_->name;
}

}  // namespace veredus::accept
