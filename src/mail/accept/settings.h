// What a session works with: one immutable value for all, swapped as a whole on reload.

#pragma once

#include <memory>

#include "io/system.h"
#include "io/tls/keeper.h"
#include "mail/accept/config.h"
#include "mail/accept/load.h"
#include "mail/accept/users.h"
#include "mail/policy/relay.h"
#include "mail/queue/queue.h"
#include "mail/route/router.h"

namespace veredus::accept {

struct Settings {
  AcceptConfig accept;
  std::shared_ptr<const route::Router> router;
  policy::RelayRule relay;
  SubmissionConfig submission = {};
};

/// A session keeps the settings it began with.
using SharedSettings = std::shared_ptr<const Settings>;

/// The parts of the program that a session talks to; they outlive it.
struct Surroundings {
  const io::System& system;
  queue::Queue& queue;
  const io::TlsKeeper* tls = nullptr;                     ///< Null: TLS is not offered.
  const Users* users = nullptr;                           ///< Null: nobody can log in.
  std::shared_ptr<Load> load = std::make_shared<Load>();  ///< Never null; copies share it.
};

}  // namespace veredus::accept
