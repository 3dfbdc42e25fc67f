#include "support/site.h"

#include <stdexcept>

namespace veredus::testing {
namespace {

constexpr int kStarting = 0;
constexpr int kStarted = 1;
constexpr int kFailed = 2;

io::Task<> collect_queue(storage::MemoryStorage& disk, std::vector<queue::Listed>& found,
                         bool& done) {
  for (QueueId from{};;) {
    auto page = co_await queue::list_stored(disk, from, 100);
    if (!page || page->empty()) break;
    for (queue::Listed& listed : *page) {
      from = QueueId{static_cast<std::uint64_t>(listed.envelope.id) + 1};
      found.push_back(std::move(listed));
    }
  }
  done = true;
}

}  // namespace

AssemblyConfig default_config() {
  AssemblyConfig config;
  config.listen = {{*io::Endpoint::parse("192.0.2.1:25")}};
  config.accept.hostname = "mx.example.test";
  config.relay.networks = {*IpNetwork::parse("192.0.2.0/24")};
  config.route.hostname = "mx.example.test";
  config.route.own_addresses = {*IpAddress::parse("192.0.2.1")};
  route::DomainConfig domain;
  domain.name = "example.test";
  domain.mailboxes = {"you", "other"};
  domain.aliases = {{"sales", {"you", "boss@remote.example"}}};
  config.route.domains = {domain};
  config.route.relay_domains = {"backup.example"};
  config.deliver.hostname = "mx.example.test";
  config.notice.hostname = "mx.example.test";
  config.deliver.mail_folder = "/mail";
  config.site_key = Secret(std::string(32, 'k'));
  return config;
}

Site::Site(sim::World& world, AssemblyConfig config, storage::MemoryConfig disk)
    : world_(world), config_(std::move(config)), disk_(world.system().clock, disk) {}

Site::~Site() { crash(); }

io::Task<> Site::run_start(Assembly& assembly, int& outcome) {
  const Result<> started = co_await assembly.start();
  outcome = started ? kStarted : kFailed;
}

io::Task<> Site::run_stop(Assembly& assembly, bool& done) {
  co_await assembly.stop();
  done = true;
}

bool Site::start() {
  auto made = Assembly::make(config_, world_.system(), disk_);
  if (!made) throw std::invalid_argument(made.error().text());
  assembly_ = world_.server().own<std::unique_ptr<Assembly>>(std::move(*made)).get();
  int outcome = kStarting;
  world_.spawn("start", run_start(*assembly_, outcome));
  crashes_at_start_ = world_.server().crashes();
  running_ = true;
  world_.run_until([&] { return outcome != kStarting || !is_running(); });
  running_ = is_running() && outcome == kStarted;
  if (!running_) crash(sim::Crash::kill);
  return running_;
}

bool Site::stop() {
  begin_stop();
  world_.run_until([&] { return stopped_ || !is_running(); });
  crash(sim::Crash::kill);
  return stopped_;
}

void Site::begin_stop() {
  stopped_ = false;
  world_.spawn("stop", run_stop(*assembly_, stopped_));
}

void Site::crash(sim::Crash how) {
  world_.crash(how);
  disk_.reopen();
  running_ = false;
}

std::vector<std::string> Site::mailbox(const std::string& path) {
  std::vector<std::string> messages;
  io::Files& files = world_.server().files();
  const std::string folder = "/mail/" + path + "/new";
  const auto names = files.list(folder);
  if (!names) return messages;
  for (const std::string& name : *names)
    if (auto content = files.read(folder + "/" + name)) messages.push_back(std::move(*content));
  return messages;
}

std::vector<queue::Listed> Site::queued() {
  std::vector<queue::Listed> found;
  bool done = false;
  world_.outside().spawn("list", collect_queue(disk_, found, done));
  world_.run_until([&] { return done; });
  return found;
}

}  // namespace veredus::testing
