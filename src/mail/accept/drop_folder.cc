#include "mail/accept/drop_folder.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "mail/accept/drop_file.h"
#include "mail/accept/transaction.h"
#include "wire/mime/header.h"
#include "wire/mime/received.h"
#include "wire/smtp/newline_scan.h"

namespace veredus::accept {
namespace {

constexpr std::chrono::seconds kPoll{2};
constexpr std::size_t kNamesMax = 1000;  // In one look at the folder.
constexpr std::size_t kStuckMax = 10000;
/// A writer that is that slow is no more.
constexpr std::chrono::hours kUnfinishedMax{24};
constexpr std::string_view kProtocol = "local";

/// Errors of the lines: what SMTP could not carry, or DATA would refuse.
std::optional<std::string> line_flaw(std::string_view message, const AcceptConfig& config) {
  smtp::NewlineScan scan(message);
  while (!scan.done()) {
    const std::size_t begin = scan.position();
    const auto found = scan.next();
    if (found.kind == smtp::NewlineScan::Kind::bare ||
        found.kind == smtp::NewlineScan::Kind::cr_at_end)
      return "the message has a bare CR or LF";
    if (scan.position() - begin > config.text_line_octets_max)
      return "the message has a line longer than " + std::to_string(config.text_line_octets_max) +
             " octets";
  }
  if (message.contains('\0')) return "the message has a NUL octet";
  return std::nullopt;
}

/// Who the recipient stands for; itself when it stands for nobody: it fails, and visibly.
std::vector<smtp::Address> targets_of(const smtp::Address& address, const route::Router& router) {
  auto targets = router.expand(address);
  return targets ? std::move(*targets) : std::vector{address};
}

Result<queue::Envelope> make_envelope(DropFile file, const Settings& settings,
                                      std::string& sole_recipient) {
  Transaction transaction;
  transaction.begin(std::move(file.sender), std::move(file.params));
  const route::Router& router = *settings.router;
  for (const DropFile::Recipient& recipient : file.recipients) {
    const smtp::Address& address =
        recipient.path.is_bare_postmaster() ? router.postmaster() : *recipient.path.address();
    transaction.add(address, targets_of(address, router), recipient.params, router);
    if (transaction.recipient_count() > settings.accept.expanded_recipients_max)
      return fail(Fault::refused, "it has too many recipients after aliases");
  }
  sole_recipient = transaction.sole_recipient();
  return transaction.take_envelope();
}

bool is_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7F; });
}

std::uint32_t chunks_of(std::size_t octets) {
  return static_cast<std::uint32_t>((octets + storage::kChunkBytes - 1) / storage::kChunkBytes);
}

Bytes chunk_of(std::string_view message, std::uint32_t index) {
  return Bytes(std::string(message.substr(index * storage::kChunkBytes, storage::kChunkBytes)));
}

struct Arrival {
  QueueId id;
  std::uint32_t user;
  WallTime time;
};

/// Fit to be queued: our trace field stands in front.
struct Ready {
  queue::Envelope envelope;
  std::string octets;
};

Result<Ready> make_ready(const std::string& file, const Arrival& arrival,
                         const Settings& settings) {
  auto read = decode_drop_file(file);
  if (!read) return fail(read.error());
  const std::string_view message = std::string_view(file).substr(read->message_offset);
  if (const auto flaw = message_flaw(message, settings.accept)) return fail(Fault::refused, *flaw);
  const std::string user = "user " + std::to_string(arrival.user);
  mime::Trace trace;
  auto envelope = make_envelope(std::move(read->file), settings, trace.recipient);
  if (!envelope) return fail(envelope.error());
  trace.by = settings.accept.hostname;
  trace.protocol = kProtocol;
  trace.id = text(arrival.id);
  trace.note = "from " + user;
  trace.time = arrival.time;
  Ready ready{std::move(*envelope), mime::received_field(trace)};
  ready.octets += message;

  mime::HeaderScanner scanner;
  scanner.feed(message);
  scanner.finish();
  ready.envelope.id = arrival.id;
  ready.envelope.message_id = scanner.message_id();
  ready.envelope.size = ready.octets.size();
  ready.envelope.received_at = arrival.time;
  ready.envelope.origin = queue::Origin{user, "", std::string(kProtocol), "", 0};
  if (is_eight_bit(message)) ready.envelope.body = smtp::Body::eight_bit_mime;
  return ready;
}

}  // namespace

std::optional<std::string> message_flaw(std::string_view message, const AcceptConfig& config) {
  if (message.size() > config.message_bytes_max)
    return "the message is larger than " + std::to_string(config.message_bytes_max) + " octets";
  mime::HeaderScanner scanner;
  scanner.feed(message);
  scanner.finish();
  if (scanner.over_limit())
    return "the message's header is larger than " +
           std::to_string(mime::HeaderScanner::kOctetsMax) + " octets";
  if (scanner.received_count() > config.hops_max)
    return "the message goes round in a loop: it has passed " +
           std::to_string(scanner.received_count()) + " hosts";
  return line_flaw(message, config);
}

DropFolder::DropFolder(const Surroundings& surroundings, CurrentSettings settings)
    : surroundings_(surroundings),
      settings_(std::move(settings)),
      wake_(surroundings.system.clock.signal()) {}

DropFolder::~DropFolder() = default;

io::Task<Result<>> DropFolder::start(std::string path) {
  auto opened = co_await io::run_blocking(surroundings_.system.workers,
                                          [path] { return io::SharedFolder::open(path); });
  if (!opened) co_return fail(opened.error());
  folder_ = std::make_unique<io::SharedFolder>(std::move(*opened));
  surroundings_.system.reactors.front()->spawn("drop", watch(*this));
  co_return Result<>();
}

void DropFolder::stop() {
  stopping_ = true;
  wake_->raise();
}

io::Task<> DropFolder::watch(DropFolder& self) {
  io::Clock& clock = self.surroundings_.system.clock;
  const WallTime old = clock.wall() - kUnfinishedMax;
  co_await io::run_blocking(self.surroundings_.system.workers,
                            [&] { return self.folder_->remove_unfinished(old); });
  while (!self.stopping_) {
    co_await self.take_all();
    if (!self.stopping_) co_await self.wake_->wait_until(clock.now() + kPoll);
  }
}

io::Task<> DropFolder::take_all() {
  const auto names = co_await io::run_blocking(
      surroundings_.system.workers, [this] { return folder_->names(kNamesMax + stuck_.size()); });
  if (!names) {
    log::error("drop_unavailable", {{"reason", names.error().text()}});
    co_return;
  }
  for (const std::string& name : *names) {
    if (stopping_) co_return;
    if (stuck_.contains(name)) continue;
    const bool may_go_on = co_await take(name);
    if (!may_go_on) co_return;
  }
}

/// False when nothing can be taken for the time being.
io::Task<bool> DropFolder::take(std::string name) {
  const std::size_t octets_max = settings_()->accept.message_bytes_max + kDropHeadOctetsMax;
  auto deposit = co_await io::run_blocking(surroundings_.system.workers,
                                           [&] { return folder_->read(name, octets_max); });
  if (!deposit && deposit.error().fault() == Fault::refused) {
    co_await put_aside(std::move(name), deposit.error().text());
    co_return true;
  }
  if (!deposit) co_return true;  // Gone meanwhile, or the next look may find it readable.
  const std::uint32_t owner = deposit->owner;
  const Result<> queued = co_await queue(std::move(*deposit));
  if (!queued && !queued.error().is_transient()) {
    co_await put_aside(std::move(name),
                       queued.error().text() + " (written by user " + std::to_string(owner) + ')');
    co_return true;
  }
  if (!queued) {
    log::warning("drop_waits", {{"file", printable(name)}, {"reason", queued.error().text()}});
    co_return false;
  }
  const Result<> removed = co_await io::run_blocking(surroundings_.system.workers,
                                                     [&] { return folder_->remove(name); });
  if (!removed) {
    log::error("drop_not_removed", {{"reason", removed.error().text()}});
    if (stuck_.size() < kStuckMax) stuck_.insert(std::move(name));
  }
  co_return true;
}

/// Errors: malformed, refused (never to be taken); unavailable, overloaded (later).
io::Task<Result<>> DropFolder::queue(io::SharedFolder::Deposit deposit) {
  const SharedSettings settings = settings_();
  const Arrival arrival{surroundings_.queue.new_id(), deposit.owner,
                        surroundings_.system.clock.wall()};
  auto ready = make_ready(deposit.octets, arrival, *settings);
  if (!ready) co_return fail(ready.error());
  const std::string message = std::move(ready->octets);
  const std::uint32_t chunks = chunks_of(message.size());
  const bool is_large = message.size() > settings->accept.memory_bytes_max;
  queue::Message whole{std::move(ready->envelope), is_large ? chunks - 1 : 0, {}};
  if (is_large) {
    const Result<> streamed = co_await stream_out(arrival.id, message, whole.appended);
    if (!streamed) co_return fail(streamed.error());
  }
  for (std::uint32_t index = whole.appended; index < chunks; ++index)
    whole.chunks.push_back(chunk_of(message, index));
  const std::string sender = whole.envelope.sender.text();
  const std::size_t recipients = whole.envelope.recipients.size();
  const Result<> queued = co_await surroundings_.queue.submit(std::move(whole));
  if (!queued) co_return fail(queued.error());
  log::info("message_taken_in", {{"queue_id", text(arrival.id)},
                                 {"user", arrival.user},
                                 {"from", sender},
                                 {"recipients", recipients},
                                 {"size", message.size()}});
  co_return Result<>();
}

io::Task<Result<>> DropFolder::stream_out(QueueId id, const std::string& message,
                                          std::uint32_t chunks) {
  for (std::uint32_t index = 0; index < chunks; ++index) {
    const Result<> appended =
        co_await surroundings_.queue.append(id, index, chunk_of(message, index));
    if (appended) continue;
    co_await surroundings_.queue.discard(id, index);
    co_return fail(appended.error());
  }
  co_return Result<>();
}

io::Task<> DropFolder::put_aside(std::string name, std::string reason) {
  log::warning("drop_refused", {{"file", printable(name)}, {"reason", reason}});
  const Result<> moved = co_await io::run_blocking(surroundings_.system.workers,
                                                   [&] { return folder_->set_aside(name); });
  if (moved) co_return;
  log::error("drop_not_removed", {{"reason", moved.error().text()}});
  if (stuck_.size() < kStuckMax) stuck_.insert(std::move(name));
}

}  // namespace veredus::accept
