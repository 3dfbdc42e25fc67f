// The small parts that every answer in JSON is made of.

#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/time.h"

namespace veredus::manage {

/// JSON is UTF-8; what a peer said need not be: see readable().
std::string shown(std::string_view text);

/// `2026-01-02T03:04:05Z`, cut to seconds; null for a time that is not set.
boost::json::value time_value(WallTime when);
/// The same with milliseconds.
boost::json::value precise_time_value(WallTime when);

/// The member `name` when it is a string; else empty.
std::string string_in(const boost::json::object& object, std::string_view name);
/// The member `name` when it is true.
bool flag_in(const boost::json::object& object, std::string_view name);

}  // namespace veredus::manage
