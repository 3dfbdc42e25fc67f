// What the parsers of a session cost per call, and the data path per byte.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/counted_bench_support.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"
#include "wire/smtp/params.h"
#include "wire/smtp/reply.h"

namespace {

using namespace veredus::smtp;
using veredus::counted;

void parse_command_line(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_command("MAIL FROM:<somebody@client.example> SIZE=4096"));
}
BENCHMARK(parse_command_line)->Apply(counted);

void parse_mail_args(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_mail("FROM:<somebody@client.example> SIZE=4096 BODY=8BITMIME"));
}
BENCHMARK(parse_mail_args)->Apply(counted);

void parse_address(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Address::parse("first.last+tag@mail.example.org"));
}
BENCHMARK(parse_address)->Apply(counted);

void parse_address_idn(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Address::parse("info@münchen.example"));
}
BENCHMARK(parse_address_idn);

void read_parameters(benchmark::State& state) {
  const ExtensionSet announced{Extension::size, Extension::eight_bit_mime, Extension::dsn};
  for (auto _ : state) {
    const auto params = parse_params(" SIZE=4096 BODY=8BITMIME RET=HDRS ENVID=QQ314159");
    benchmark::DoNotOptimize(read_mail_params(*params, announced));
  }
}
BENCHMARK(read_parameters)->Apply(counted);

void render_reply(benchmark::State& state) {
  std::string wire;
  for (auto _ : state) {
    wire.clear();
    Reply(250, {2, 1, 5}, "Recipient ok").append_to(wire);
    benchmark::DoNotOptimize(wire.data());
  }
}
BENCHMARK(render_reply)->Apply(counted);

/// A message of as many octets as the first argument says, in lines as long as the second says,
/// every 50th of them beginning with a dot.
std::string message_of(const benchmark::State& state) {
  const auto octets = static_cast<std::size_t>(state.range(0));
  const auto line = static_cast<std::size_t>(state.range(1));
  std::string message;
  for (std::size_t number = 0; message.size() < octets; ++number) {
    message += number % 50 == 0 ? '.' : 'x';
    message.append(line - 3, 'y');
    message += "\r\n";
  }
  return message;
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"octets", "line"})->ArgsProduct({{1 << 16}, {20, 78, 998}})->Args({4096, 78});
  counted(bench);
}

void decode_message(benchmark::State& state) {
  const std::string wire = encode_data(message_of(state));
  std::string out;
  for (auto _ : state) {
    DataDecoder decoder;
    out.clear();
    benchmark::DoNotOptimize(decoder.feed(wire, out));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}
BENCHMARK(decode_message)->Apply(sizes);

void encode_message(benchmark::State& state) {
  const std::string message = message_of(state);
  std::vector<std::string_view> pieces;
  for (auto _ : state) {
    DataEncoder encoder;
    pieces.clear();
    encoder.encode(message, pieces);
    benchmark::DoNotOptimize(pieces.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}
BENCHMARK(encode_message)->Apply(sizes);

}  // namespace
