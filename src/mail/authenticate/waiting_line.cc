#include "mail/authenticate/waiting_line.h"

#include <utility>

namespace veredus::authenticate {

WaitingLine::Place::Place(std::shared_ptr<State> state, const IpAddress& client)
    : state_(std::move(state)), client_(client) {}

WaitingLine::Place::~Place() {
  if (state_ == nullptr) return;  // It was moved from.
  const auto own = state_->per_client.find(client_);
  if (--own->second == 0) state_->per_client.erase(own);
  if (state_->waiting.empty()) {
    --state_->running;
    return;
  }
  const auto next = std::move(state_->waiting.front());  // Runs in our place.
  state_->waiting.pop_front();
  next->admitted->raise();
}

io::Task<Result<WaitingLine::Place>> WaitingLine::enter(IpAddress client, Limits limits) {
  const auto state = state_;
  const bool full = state->running >= limits.at_once && state->waiting.size() >= limits.waiting_max;
  const auto own = state->per_client.find(client);
  if (full || (own != state->per_client.end() && own->second >= limits.per_client_max))
    co_return fail(Fault::overloaded, "too many passwords are being checked");
  ++state->per_client[client];
  if (state->running < limits.at_once) {
    ++state->running;
    co_return Place(state, client);
  }
  const auto waiter = std::make_shared<Waiter>(clock_.signal());
  state->waiting.push_back(waiter);
  co_await waiter->admitted->wait();
  co_return Place(state, client);
}

}  // namespace veredus::authenticate
