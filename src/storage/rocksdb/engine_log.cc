#include "storage/rocksdb/engine_log.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace veredus::storage {
namespace {

constexpr std::size_t kLineOctetsMax = 1024;

class EngineLog final : public rocksdb::Logger {
 public:
  EngineLog() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel()) return;
    if (level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;  // A list of all settings.
    std::array<char, kLineOctetsMax> line{};
    const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (length < 0) return;
    log::warning("storage_engine",
                 {{"text", std::string_view(line.data(), std::min(static_cast<std::size_t>(length),
                                                                  line.size() - 1))}});
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_engine_log() { return std::make_shared<EngineLog>(); }

}  // namespace veredus::storage
