// The journal read again, after a crash or any other stop.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "storage/journal/format.h"

namespace veredus::storage::journal {

/// Gets the changes of one record and where it ends. An error of its own ends the replay.
using Apply = std::function<Result<>(std::string changes, Position end)>;

/// Makes sure that what there is is on stable storage, then applies every whole record from `from`
/// on, in order; returns where the last one ends. `from` is where a record began or ended, or {}
/// for the start of a journal. What a crash cut off at the very end was never acknowledged, and is
/// left out. Errors: unavailable (I/O; a record damaged, or a segment missing, before others: then
/// nobody can say what else is), refused (written by a newer version), those of `apply`.
Result<Position> replay(const std::string& folder, Position from, const Apply& apply);

}  // namespace veredus::storage::journal
