// Binding sockets that will listen. Internal.

#pragma once

#include "base/result.h"
#include "io/endpoint.h"
#include "io/socket_address.h"

namespace veredus::io {

/// Whether nobody else listens at the TCP endpoint, told by binding to it without SO_REUSEPORT:
/// with it, a second server of the same user would share the port in silence, each taking part of
/// the connections. Errors: unavailable, naming the endpoint and what to do.
[[nodiscard]] Result<> check_free(const Endpoint& endpoint);

/// A socket that is bound with SO_REUSEADDR and SO_REUSEPORT but does not listen yet; a Unix
/// socket that nobody listens on any more is replaced. Errors as check_free(), and overloaded.
[[nodiscard]] Result<OwnedDescriptor> bind_socket(const Endpoint& endpoint);

/// Listens on a bound socket. Errors as check_free().
[[nodiscard]] Result<> listen_on(const OwnedDescriptor& socket, const Endpoint& endpoint);

/// 0, or errno.
int bind_to(const OwnedDescriptor& socket, const Endpoint& endpoint);

void set_on(const OwnedDescriptor& socket, int level, int option);

}  // namespace veredus::io
