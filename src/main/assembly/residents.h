// Who lives here: the configuration's domains together with the directory's.

#pragma once

#include "mail/directory/accounts_file.h"
#include "mail/directory/kept.h"
#include "mail/route/config.h"

namespace veredus {

/// `config` with the domains, mailboxes (one for each account in a domain of ours, with its quota)
/// and aliases of the directory. A domain that both name goes by the configuration, and gets the
/// directory's mailboxes and aliases besides its own; not mailboxes when LMTP delivers it. A name
/// that both declare is the configuration's. A domain of the directory in which nobody lives is
/// left out.
route::RouteConfig with_residents(route::RouteConfig config, const directory::Kept& kept,
                                  const directory::Accounts& declared);

/// True when `config` names that domain (in lower case) itself.
bool is_configured(const route::RouteConfig& config, const std::string& domain);

}  // namespace veredus
