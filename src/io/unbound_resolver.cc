#include "io/unbound_resolver.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "io/callback.h"
#include "io/socket_address.h"
#include "wire/dns/name.h"

namespace veredus::io {
namespace {

constexpr int kClassInternet = 1;
constexpr int kNoError = 0;  // RFC 1035 §4.1.1
constexpr int kServerFailure = 2;
constexpr int kNoSuchDomain = 3;

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, DeleteContext>;

struct FreeResult {
  void operator()(ub_result* result) const { ub_resolve_free(result); }
};
using UniqueResult = std::unique_ptr<ub_result, FreeResult>;

/// How libunbound writes an address with a port. Its options take no Unix sockets.
std::string server_text(const Endpoint& server) {
  return server.address().text() + "@" + std::to_string(server.port());
}

/// Collects the first thing that libunbound would not take.
class Configuration {
 public:
  explicit Configuration(ub_ctx* context) : context_(context) {}

  void set(const std::string& name, const std::string& value) {
    check(ub_ctx_set_option(context_, (name + ":").c_str(), value.c_str()),
          name + " " + printable(value));
  }
  void forward(const Endpoint& server) {
    check(ub_ctx_set_fwd(context_, server_text(server).c_str()), "server " + server.text());
  }
  void stub(const std::string& zone, const Endpoint& server) {
    check(ub_ctx_set_stub(context_, zone.c_str(), server_text(server).c_str(), 0),
          "stub zone " + printable(zone) + " at " + server.text());
  }
  void trust(const std::string& file) {
    // libunbound reads the file only when the first name is looked up, which is too late for
    // whoever mistyped it.
    const bool readable = ::access(file.c_str(), R_OK) == 0;
    check(readable ? ub_ctx_add_ta_file(context_, file.c_str()) : UB_READFILE,
          "trust anchor file " + file);
  }
  /// libunbound denies by itself that names below `test.` exist, and that private addresses have
  /// names: sensible towards the root, wrong when somebody named the servers to ask. Reads the
  /// whole configuration, so it comes last.
  void ask_about_local_names() {
    check(ub_ctx_zone_add(context_, "test.", "transparent"), "configuration");
  }
  void use_resolv_conf() { check(ub_ctx_resolvconf(context_, nullptr), "/etc/resolv.conf"); }
  void use_threads() { check(ub_ctx_async(context_, 1), "threads"); }

  Result<> result() const {
    if (!error_) return {};
    return fail(Fault::malformed, "resolver: " + *error_);
  }

 private:
  void check(int code, const std::string& what) {
    if (code != 0 && !error_) error_ = what + ": " + ub_strerror(code);
  }

  ub_ctx* context_;
  std::optional<std::string> error_;
};

Result<> configure(ub_ctx* context, const ResolverOptions& options) {
  ub_ctx_debugout(context, nullptr);  // It would write to standard error.
  Configuration configuration(context);
  configuration.use_threads();
  // A name server of its own on this machine is the rule for a mail server, not a mistake.
  configuration.set("do-not-query-localhost", "no");
  configuration.set("rrset-cache-size", std::to_string(options.cache_bytes_max));
  configuration.set("msg-cache-size", std::to_string(options.cache_bytes_max / 2));
  for (const Endpoint& server : options.servers) configuration.forward(server);
  if (options.servers.empty() && options.use_resolv_conf) configuration.use_resolv_conf();
  for (const auto& [zone, server] : options.stub_zones) configuration.stub(zone, server);
  if (!options.trust_anchor_file.empty()) configuration.trust(options.trust_anchor_file);
  const bool from_the_root =
      options.servers.empty() && options.stub_zones.empty() && !options.use_resolv_conf;
  if (!from_the_root) {
    configuration.set("unblock-lan-zones", "yes");
    configuration.set("insecure-lan-zones", "yes");
  }
  for (const auto& [name, value] : options.settings) configuration.set(name, value);
  if (!from_the_root && configuration.result()) configuration.ask_about_local_names();
  return configuration.result();
}

std::string question_text(const std::string& name, dns::Type type) {
  return dns::type_name(type) + " of " + (name.empty() ? "." : name);
}

Error unavailable(const std::string& question, const std::string& cause) {
  return {Fault::unavailable, "DNS: " + question + ": " + cause};
}

std::string canonical_name(const ub_result& result, const std::string& asked) {
  std::string name = ascii_lower(result.canonname != nullptr ? result.canonname : asked);
  if (name.ends_with('.')) name.pop_back();
  return name;
}

dns::Answer::Status status_of(const ub_result& result) {
  if (result.havedata != 0) return dns::Answer::Status::found;
  if (result.rcode == kNoSuchDomain) return dns::Answer::Status::no_domain;
  return dns::Answer::Status::no_data;
}

Result<dns::Answer> to_answer(const ub_result& result, const std::string& name, dns::Type type) {
  const std::string question = question_text(name, type);
  if (result.bogus != 0) {
    const std::string why = result.why_bogus != nullptr ? result.why_bogus : "no reason given";
    return fail(unavailable(question, "DNSSEC validation failed: " + printable(why, 400)));
  }
  if (result.rcode == kServerFailure)
    return fail(unavailable(question, "no name server gave an answer (SERVFAIL)"));
  if (result.rcode != kNoError && result.rcode != kNoSuchDomain)
    return fail(unavailable(question,
                            "the name server answered with code " + std::to_string(result.rcode)));

  dns::Answer answer;
  answer.status = status_of(result);
  answer.type = type;
  answer.secure = result.secure != 0;
  answer.canonical_name = canonical_name(result, name);
  answer.ttl = std::chrono::seconds(result.ttl);
  for (std::size_t i = 0; result.havedata != 0 && result.data[i] != nullptr; ++i)
    answer.rdata.emplace_back(result.data[i], static_cast<std::size_t>(result.len[i]));
  return answer;
}

}  // namespace

/// libunbound's own thread does the work; ours takes the answers from it and watches deadlines.
class UnboundResolver::Engine {
 public:
  using Continue = Resume<Result<dns::Answer>>;

  Engine(Context context, Duration deadline)
      : context_(std::move(context)),
        deadline_(deadline),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { run(); }) {}
  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void ask(std::string name, dns::Type type, Continue resume);
  void stop();

 private:
  struct Lookup {
    Engine* engine;
    std::uint64_t number;
    std::string name;
    dns::Type type;
    SteadyTime expires;
    Continue resume;
    std::optional<int> query;  // libunbound's number, to cancel it.
  };

  static void on_answer(void* data, int error, ub_result* result);
  void run();
  void end_expired();
  int poll_milliseconds();
  void wake();
  /// No longer waiting; null if it was ended already.
  std::unique_ptr<Lookup> take(std::uint64_t number);

  Context context_;
  Duration deadline_;
  OwnedDescriptor wake_;
  std::mutex mutex_;
  // All have the same deadline: the first is the next to expire. Guarded by mutex_.
  std::map<std::uint64_t, std::unique_ptr<Lookup>> waiting_;
  std::uint64_t next_number_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

void UnboundResolver::Engine::ask(std::string name, dns::Type type, Continue resume) {
  auto lookup = std::make_unique<Lookup>(this, 0, std::move(name), type,
                                         std::chrono::steady_clock::now() + deadline_,
                                         std::move(resume), std::nullopt);
  const std::string asked = lookup->name.empty() ? "." : lookup->name;
  Lookup* const data = lookup.get();
  std::uint64_t number = 0;
  bool was_idle = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    number = lookup->number = next_number_++;
    was_idle = waiting_.empty();
    waiting_.emplace(number, std::move(lookup));
  }
  if (was_idle) wake();

  int query = 0;
  const int error = ub_resolve_async(context_.get(), asked.c_str(), static_cast<int>(type),
                                     kClassInternet, data, on_answer, &query);
  if (error != 0) {
    const auto ended = take(number);
    if (ended) ended->resume(fail(unavailable(question_text(asked, type), ub_strerror(error))));
    return;
  }
  const std::scoped_lock lock(mutex_);
  const auto found = waiting_.find(number);
  if (found != waiting_.end()) found->second->query = query;
}

void UnboundResolver::Engine::on_answer(void* data, int error, ub_result* result) {
  const UniqueResult owned(result);
  const auto* const waiting = static_cast<Lookup*>(data);
  const auto lookup = waiting->engine->take(waiting->number);
  if (!lookup) return;
  if (error != 0) {
    lookup->resume(
        fail(unavailable(question_text(lookup->name, lookup->type), ub_strerror(error))));
  } else {
    lookup->resume(to_answer(*result, lookup->name, lookup->type));
  }
}

void UnboundResolver::Engine::run() {
  pthread_setname_np(pthread_self(), "resolver");
  for (;;) {
    std::array<pollfd, 2> descriptors{pollfd{ub_fd(context_.get()), POLLIN, 0},
                                      pollfd{wake_.get(), POLLIN, 0}};
    ::poll(descriptors.data(), descriptors.size(), poll_milliseconds());
    std::uint64_t ignored = 0;
    if (descriptors[1].revents != 0 && ::read(wake_.get(), &ignored, sizeof(ignored)) < 0)
      ignored = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
    }
    if (descriptors[0].revents != 0) ub_process(context_.get());
    end_expired();
  }
}

void UnboundResolver::Engine::end_expired() {
  for (;;) {
    std::unique_ptr<Lookup> expired;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty()) return;
      const auto& first = waiting_.begin()->second;
      // Without its query number it is still being asked: it is looked at again in a moment.
      if (!first->query || first->expires > std::chrono::steady_clock::now()) return;
      expired = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
    }
    ub_cancel(context_.get(), *expired->query);
    expired->resume(fail(unavailable(question_text(expired->name, expired->type),
                                     "no name server answered in time")));
  }
}

int UnboundResolver::Engine::poll_milliseconds() {
  const std::scoped_lock lock(mutex_);
  if (waiting_.empty()) return -1;
  const Duration left = waiting_.begin()->second->expires - std::chrono::steady_clock::now();
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(milliseconds, 1, 60'000));
}

void UnboundResolver::Engine::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the thread is awake anyhow.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
}

std::unique_ptr<UnboundResolver::Engine::Lookup> UnboundResolver::Engine::take(
    std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  auto node = waiting_.extract(number);
  return node ? std::move(node.mapped()) : nullptr;
}

void UnboundResolver::Engine::stop() {
  std::map<std::uint64_t, std::unique_ptr<Lookup>> dropped;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake();
  thread_.join();
  context_.reset();  // Calls nothing back: what libunbound still works on is thrown away.
  const std::scoped_lock lock(mutex_);
  dropped.swap(waiting_);
}

UnboundResolver::UnboundResolver(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
UnboundResolver::~UnboundResolver() = default;

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::make(const ResolverOptions& options) {
  Context context(ub_ctx_create());
  if (!context) return fail(Fault::unavailable, "resolver: out of memory");
  auto configured = configure(context.get(), options);
  if (!configured) return fail(configured.error());
  auto engine = std::make_unique<Engine>(std::move(context), options.deadline);
  return std::unique_ptr<UnboundResolver>(new UnboundResolver(std::move(engine)));
}

Task<Result<dns::Answer>> UnboundResolver::lookup(std::string name, dns::Type type) {
  auto valid = dns::encode_name(name);
  if (!valid)
    co_return fail(Fault::malformed,
                   "not a DNS name: " + printable(name) + ": " + valid.error().text());
  co_return co_await await_callback<Result<dns::Answer>>(
      [this, &name, type](Resume<Result<dns::Answer>> resume) {
        engine_->ask(name, type, std::move(resume));
      });
}

void UnboundResolver::stop() { engine_->stop(); }

}  // namespace veredus::io
