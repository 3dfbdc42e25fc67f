// Whether this is a build whose leak sanitizer, at the end of the process, stops the threads from a
// process of its own: what that needs must stay permitted. Internal.

#pragma once

namespace veredus::io {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VEREDUS_LEAK_SANITIZER
#endif
#endif

#ifdef VEREDUS_LEAK_SANITIZER
inline constexpr bool kLeakSanitizer = true;
#else
inline constexpr bool kLeakSanitizer = false;
#endif

}  // namespace veredus::io
