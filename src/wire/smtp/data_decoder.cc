#include "wire/smtp/data_decoder.h"

#include <algorithm>
#include <cstring>

#include "wire/smtp/newline_scan.h"

namespace veredus::smtp {

namespace {

bool contains_8bit(std::string_view text) noexcept {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);  // The compiler makes it SIMD.
  return (bits & 0x80) != 0;
}

}  // namespace

DataDecoder::Step DataDecoder::feed(std::string_view wire, std::string& out) {
  std::size_t at = 0;
  while (at < wire.size() && state_ != State::complete) {
    const char c = wire[at];
    switch (state_) {
      case State::line_start:
        state_ = c == '.' ? State::dot : State::text;
        at += c == '.' ? 1 : 0;
        break;
      case State::text:
        at += decode_lines(wire.substr(at), out);
        break;
      case State::cr:
        at += after_cr(c, out);
        break;
      case State::dot:
        state_ = c == '\r' ? State::dot_cr : State::text;
        at += c == '\r' ? 1 : 0;
        break;
      case State::dot_cr:
        at += after_dot_cr(c, out);
        break;
      case State::complete:
        break;
    }
  }
  const std::string_view used = wire.substr(0, at);
  nul_ = nul_ || used.contains('\0');
  eight_bit_ = eight_bit_ || contains_8bit(used);
  return {at, state_ == State::complete};
}

/// Whole runs of lines go to `out` at once; a run ends where an octet must be dropped or changed.
std::size_t DataDecoder::decode_lines(std::string_view wire, std::string& out) {
  NewlineScan scan(wire);
  std::size_t run = 0;
  for (;;) {
    const std::size_t from = scan.position();
    const NewlineScan::Found found = scan.next();
    if (found.kind == NewlineScan::Kind::crlf) {
      line_ += scan.position() - from;
      end_line();
      if (scan.done() || wire[scan.position()] == '.') {
        out.append(wire.substr(run, scan.position() - run));
        state_ = State::line_start;
        return scan.position();
      }
      continue;
    }
    line_ += found.at - from;
    out.append(wire.substr(run, found.at - run));
    if (found.kind == NewlineScan::Kind::cr_at_end) state_ = State::cr;
    if (found.kind != NewlineScan::Kind::bare) {
      longest_line_ = std::max(longest_line_, line_);
      return wire.size();
    }
    bare_newline(wire[found.at], out);
    run = scan.position();
  }
}

std::size_t DataDecoder::after_cr(char c, std::string& out) {
  if (c != '\n') {
    bare_newline('\r', out);
    state_ = State::text;
    return 0;
  }
  out += "\r\n";
  line_ += 2;
  end_line();
  state_ = State::line_start;
  return 1;
}

std::size_t DataDecoder::after_dot_cr(char c, std::string& out) {
  if (c != '\n') {
    bare_newline('\r', out);
    state_ = State::text;
    return 0;
  }
  state_ = State::complete;
  return 1;
}

void DataDecoder::end_line() noexcept {
  longest_line_ = std::max(longest_line_, line_);
  line_ = 0;
}

void DataDecoder::bare_newline(char c, std::string& out) {
  bad_ = true;
  if (tolerance_ == BareNewline::refuse) {
    out += c;
    ++line_;
    return;
  }
  out += "\r\n";
  line_ += 2;
  end_line();
}

}  // namespace veredus::smtp
