#include "main/bench/report.h"

#include <chrono>

#include <fmt/format.h>

namespace veredus::bench {
namespace {

double milliseconds(std::chrono::duration<double, std::milli> time) { return time.count(); }

double per_second(const Tally& tally) {
  return tally.took.count() > 0 ? static_cast<double>(tally.accepted) / tally.took.count() : 0;
}

}  // namespace

std::string for_people(const Tally& tally) {
  const send::Latency& latency = tally.latency;
  std::string text = fmt::format(
      "{} accepted, {} refused, {} failed, over {} connections in {:.3f} s\n", tally.accepted,
      tally.refused, tally.failed, tally.connections, tally.took.count());
  if (tally.accepted == 0) return text;
  text += fmt::format(
      "{:.0f} a second; each took {:.2f} ms in the mean, {:.2f} in the median, {:.2f} at most;\n"
      "9 of 10 up to {:.2f} ms, 99 of 100 up to {:.2f}, 999 of 1000 up to {:.2f}\n",
      per_second(tally), milliseconds(latency.mean()), milliseconds(latency.percentile(0.5)),
      milliseconds(latency.longest()), milliseconds(latency.percentile(0.9)),
      milliseconds(latency.percentile(0.99)), milliseconds(latency.percentile(0.999)));
  return text;
}

std::string for_programs(const Tally& tally) {
  const send::Latency& latency = tally.latency;
  return fmt::format(
      R"({{"messages":{},"refused":{},"failed":{},"seconds":{:.6f},"per_second":{:.3f},)"
      R"("connections":{},"latency_ms":{{"mean":{:.4f},"p50":{:.3f},"p90":{:.3f},"p99":{:.3f},)"
      R"("p999":{:.3f},"max":{:.3f}}}}})"
      "\n",
      tally.accepted, tally.refused, tally.failed, tally.took.count(), per_second(tally),
      tally.connections, milliseconds(latency.mean()), milliseconds(latency.percentile(0.5)),
      milliseconds(latency.percentile(0.9)), milliseconds(latency.percentile(0.99)),
      milliseconds(latency.percentile(0.999)), milliseconds(latency.longest()));
}

}  // namespace veredus::bench
