#include "wire/smtp/data_encoder.h"

#include <utility>

#include "wire/smtp/newline_scan.h"

namespace veredus::smtp {

namespace {

constexpr std::string_view kCrLf = "\r\n";

void add(std::vector<std::string_view>& pieces, std::string_view piece) {
  if (!piece.empty()) pieces.push_back(piece);
}

}  // namespace

// A stuffed dot costs no constant of its own: the piece before ends with the dot, and the piece
// after begins with the same one.
void DataEncoder::encode(std::string_view chunk, std::vector<std::string_view>& pieces) {
  if (chunk.empty()) return;
  if (std::exchange(pending_cr_, false)) {
    if (chunk.front() == '\n') {
      chunk.remove_prefix(1);
    } else {
      converted_ = true;
    }
    pieces.push_back(kCrLf);
    line_start_ = true;
  }
  NewlineScan scan(chunk);
  std::size_t run = 0;
  for (;;) {
    const std::size_t line = scan.position();
    if (line_start_ && line < chunk.size() && chunk[line] == '.') {
      add(pieces, chunk.substr(run, line + 1 - run));
      run = line;
    }
    const NewlineScan::Found found = scan.next();
    line_start_ = found.kind == NewlineScan::Kind::crlf || found.kind == NewlineScan::Kind::bare ||
                  (line_start_ && found.at == line);
    if (found.kind == NewlineScan::Kind::crlf) continue;
    add(pieces, chunk.substr(run, found.at - run));
    if (found.kind == NewlineScan::Kind::cr_at_end) pending_cr_ = true;
    if (found.kind != NewlineScan::Kind::bare) return;
    pieces.push_back(kCrLf);
    converted_ = true;
    run = scan.position();
  }
}

std::string_view DataEncoder::finish() noexcept {
  const bool complete_line = line_start_ && !pending_cr_;
  *this = DataEncoder();
  return complete_line ? ".\r\n" : "\r\n.\r\n";
}

std::string encode_data(std::string_view message) {
  DataEncoder encoder;
  std::vector<std::string_view> pieces;
  encoder.encode(message, pieces);
  pieces.push_back(encoder.finish());
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

}  // namespace veredus::smtp
