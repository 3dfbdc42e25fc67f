// For micro-benchmarks whose instructions tools/instructions counts.

#pragma once

#include <cstdlib>

#include <benchmark/benchmark.h>

namespace veredus {

/// For Apply(): as many iterations as $BENCH_ITERATIONS says, so that the instructions of two runs
/// can be compared; without it the clock decides as usual.
inline void counted(benchmark::internal::Benchmark* bench) {
  if (const char* iterations = std::getenv("BENCH_ITERATIONS"))
    bench->Iterations(std::strtoll(iterations, nullptr, 10));
}

}  // namespace veredus
