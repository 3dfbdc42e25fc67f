#include "main/service/prepare.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "io/process.h"
#include "io/real_files.h"

namespace veredus {
namespace {

constexpr const char* kResolverConfiguration = "/etc/resolv.conf";

/// The folder that the file is really in: editors and programs replace files, so a rule for the
/// file itself would not outlive the next change.
std::string folder_of(const std::string& file) {
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(file, unknown);
  return whole.parent_path().string();
}

/// The folder that names the file too, for that may be a link.
void add_file(const std::string& file, io::FileRules& rules) {
  if (file.empty()) return;
  rules.read.push_back(folder_of(file));
  rules.read.push_back(std::filesystem::path(file).parent_path().string());
}

/// Files that perhaps only root may read.
std::vector<std::string> secrets(const config::Config& config) {
  std::vector<std::string> files;
  for (const io::TlsCertificate& certificate : config.certificates)
    files.insert(files.end(), {certificate.certificate_file, certificate.key_file});
  files.insert(files.end(),
               {config.deliver.certificate.certificate_file, config.deliver.certificate.key_file,
                config.relay.smart_host_hop.password_file});
  for (const route::StaticRoute& route : config.routes) files.push_back(route.hop.password_file);
  std::erase(files, "");
  return files;
}

Result<> take_inherited(const config::Config& config, io::HeldSockets& sockets) {
  for (const int descriptor : io::inherited_descriptors()) {
    const auto endpoint = sockets.adopt(descriptor);
    if (!endpoint) return fail(endpoint.error());
    const auto found = std::ranges::find(config.listen, *endpoint, &config::Listen::address);
    if (found != config.listen.end()) continue;
    return fail(Fault::refused, "who started this process passed a socket for " + endpoint->text() +
                                    ", which no [[listen]] names: the socket unit and the "
                                    "configuration must say the same");
  }
  return {};
}

/// Of Unix sockets the file belongs to who binds: they wait until we are who we will be.
Result<> bind_all(const config::Config& config, Prepared& prepared) {
  for (const config::Listen& listen : config.listen) {
    const io::Endpoint& endpoint = listen.address;
    if (endpoint.is_unix() || endpoint.port() == 0 || prepared.sockets->has(endpoint)) continue;
    const Result<> bound = prepared.sockets->bind(endpoint, prepared.reactors);
    if (!bound) return fail(bound.error());
  }
  return {};
}

/// Where other users find the socket and the drop folder of sendmail(1). What is there already is
/// left as it is.
Result<> make_public_folder(const std::string& path, const io::User& user) {
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown)) return {};
  const Result<> made = io::make_folder_of(path, user);
  if (!made) return made;
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_all | perms::group_read | perms::group_exec |
                                         perms::others_read | perms::others_exec);
  return {};
}

/// Of the socket and of the drop folder.
std::vector<std::string> public_folders(const config::Config& config) {
  if (!config.sendmail.enabled) return {};
  const auto folder = [](const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
  };
  return {folder(config.submission_socket().path()), folder(config.drop_folder())};
}

/// When the process stays who it is. Root must not write among another user's files: that one, and
/// every command as that one, could not open them any more.
Result<> make_own_places(const config::Config& config) {
  const Result<> made = io::RealFiles().make_directories(config.storage.path);
  const io::User user = io::current_user();
  if (!made || !user.is_root()) return made;
  return io::make_folder_of(config.storage_options().path, user);
}

/// What the user must find, for it could not make it.
Result<> make_places(const config::Config& config, const std::optional<io::User>& user) {
  if (!user) return make_own_places(config);
  Result<> made = io::make_folder_of(config.storage.path, *user);
  if (made) made = io::make_folder_of(config.storage_options().path, *user);
  if (made && !config.log.file.empty()) made = io::make_file_of(config.log.file, *user);
  for (const std::string& folder : public_folders(config))
    if (made) made = make_public_folder(folder, *user);
  return made;
}

}  // namespace

Result<std::optional<io::User>> user_to_become(const config::Process& process) {
  if (!io::current_user().is_root() || process.user == "root") return std::nullopt;
  auto user = io::find_user(process.user);
  if (user) return *std::move(user);
  return fail(user.error().fault(),
              user.error().text() + ", whom process.user names: type `adduser --system --group " +
                  process.user + "`, or set user = \"root\" in [process] to stay root");
}

io::FileRules file_rules(const config::Loaded& loaded) {
  const config::Config& config = loaded.config;
  io::FileRules rules;
  // The last two may be links to other disks.
  rules.write = {config.storage.path, config.storage_options().path,
                 config.assembly().deliver.mail_folder, "/dev/null"};
  // Libraries that are loaded late (name service switch, PAM), time zones, certificates.
  rules.read = {"/etc",         "/usr/lib",    "/usr/lib64", "/usr/local/lib",
                "/lib",         "/lib64",      "/usr/share", folder_of(kResolverConfiguration),
                "/dev/urandom", "/dev/random", "/proc/self", "/sys/devices/system/cpu"};
  if (!loaded.is_development()) rules.read.push_back(folder_of(loaded.source));
  if (!config.log.file.empty()) rules.write.push_back(config.log.file);
  if (config.sendmail.enabled) {
    rules.sockets.push_back(folder_of(config.submission_socket().path()));
    // Not yet there at the first start, and then it is made in the folder that it is in.
    std::error_code unknown;
    const bool is_there = std::filesystem::exists(config.drop_folder(), unknown);
    rules.write.push_back(is_there ? config.drop_folder() : folder_of(config.drop_folder()));
  }
  for (const std::string& file : secrets(config)) add_file(file, rules);
  for (const std::string& file :
       {config.accounts.file, config.dns.trust_anchor_file, config.tls.client_ca_file,
        config.tls.ca_file, config.tls.crl_file})
    add_file(file, rules);
  for (const config::Listen& listen : config.listen)
    if (listen.address.is_unix()) rules.sockets.push_back(folder_of(listen.address.path()));
  if (config.process.allow_programs) rules.execute = {"/usr", "/bin", "/sbin", "/lib", "/lib64"};
  return rules;
}

Result<std::unique_ptr<Prepared>> prepare(const config::Loaded& loaded) {
  const config::Config& config = loaded.config;
  io::keep_files_private();
  auto prepared = std::make_unique<Prepared>();
  prepared->sockets = std::make_shared<io::HeldSockets>();
  prepared->reactors = config.threads > 0 ? config.threads : io::processor_count();

  auto user = user_to_become(config.process);
  if (!user) return fail(user.error());
  Result<> done = take_inherited(config, *prepared->sockets);
  if (done) done = bind_all(config, *prepared);
  if (done) done = make_places(config, *user);
  if (!done) return fail(done.error());
  prepared->files = std::make_shared<io::KeptFiles>();
  if (!loaded.is_development()) prepared->files->keep(loaded.source);
  for (const std::string& file : secrets(config)) prepared->files->keep(file);

  auto report = io::secure_process(
      {.user = *user,
       .confine = config.process.sandbox,
       .files = file_rules(loaded),
       .programs = config.process.allow_programs ? io::Programs::allowed : io::Programs::none});
  if (!report) return fail(report.error());
  prepared->report = std::move(*report);
  prepared->reader = std::make_shared<const io::FileReader>(
      [files = prepared->files, user = prepared->report.user](const std::string& path) {
        return files->read(path, user);
      });
  return prepared;
}

void log_prepared(const Prepared& prepared) {
  const io::SandboxReport& report = prepared.report;
  log::write(report.complete ? log::Level::info : log::Level::warning, "process_secured",
             {{"user", report.user},
              {"no_new_privs", report.no_new_privileges},
              {"landlock", report.landlock},
              {"seccomp", report.system_call_filter}});
  if (io::current_user().is_root())
    log::warning("runs_as_root", {{"reason", "process.user says so; name an ordinary user"}});
  for (const std::string& path : prepared.files->unreadable())
    log::warning("file_read_at_start_only",
                 {{"path", path},
                  {"reason", report.user + " may not read it, so a change needs a restart; " +
                                 io::how_to_permit(path, report.user)}});
}

}  // namespace veredus
