// What a transport pays for every message: finding the header's fields, and writing the trace.

#include <string>

#include <benchmark/benchmark.h>

#include "base/counted_bench_support.h"
#include "wire/mime/convert_8bit.h"
#include "wire/mime/header.h"
#include "wire/mime/received.h"

namespace veredus::mime {
namespace {

/// 4 KiB with a header as usual mail has it.
std::string usual_message() {
  std::string message =
      "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id 1;\r\n"
      "\tMon, 1 Jan 2024 00:00:00 +0000\r\n"
      "From: A <a@a.example>\r\nTo: B <b@b.example>\r\nSubject: Hello\r\n"
      "Message-ID: <1@a.example>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  while (message.size() < 4096) message += "A line of text as people write them, or longer.\r\n";
  return message;
}

void scan(benchmark::State& state) {
  const std::string message = usual_message();
  for (auto _ : state) {
    HeaderScanner scanner;
    scanner.feed(message);
    scanner.finish();
    benchmark::DoNotOptimize(scanner.received_count());
  }
}
BENCHMARK(scan)->Apply(counted);

void build_received(benchmark::State& state) {
  Trace trace;
  trace.helo = "client.example";
  trace.client_name = "client.example";
  trace.client_address = IpAddress::v4({192, 0, 2, 1});
  trace.by = "mx.example.org";
  trace.protocol = "ESMTPS";
  trace.id = "01J8ABCDEFGHJ";
  trace.recipient = "you@example.org";
  for (auto _ : state) benchmark::DoNotOptimize(received_field(trace));
}
BENCHMARK(build_received)->Apply(counted);

void ask_for_eight_bit(benchmark::State& state) {
  const std::string message = usual_message();
  for (auto _ : state) benchmark::DoNotOptimize(needs_eight_bit(message));
}
BENCHMARK(ask_for_eight_bit);

}  // namespace
}  // namespace veredus::mime
