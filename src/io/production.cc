#include "io/production.h"

#include <utility>

namespace veredus::io {

Result<std::unique_ptr<Production>> Production::make(const ProductionOptions& options) {
  auto resolver = UnboundResolver::make(options.dns);
  if (!resolver) return fail(resolver.error());
  std::unique_ptr<Production> production(new Production(options, std::move(*resolver)));
  production->reactors_.start(options.reactors);
  return production;
}

Production::Production(const ProductionOptions& options, std::unique_ptr<UnboundResolver> resolver)
    : network_(options.sockets), resolver_(std::move(resolver)), workers_(options.workers) {}

Production::~Production() {
  stop();
  clear();
}

System Production::system() noexcept {
  return {clock_, random_, network_, *resolver_, workers_, files_, reactors_.all()};
}

void Production::stop() {
  reactors_.stop();
  workers_.stop();
  resolver_->stop();
}

void Production::clear() { reactors_.clear(); }

}  // namespace veredus::io
