#include "main/config/load.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <toml++/toml.h>

#include "main/config/reader.h"
#include "main/config/schema.h"

namespace veredus::config {
namespace {

constexpr const char* kDevelopment = "--dev";

std::string join(std::vector<Problem> problems, const std::string& source) {
  std::ranges::sort(problems, {}, [](const Problem& problem) {
    return std::pair(problem.line, std::string_view(problem.text));
  });
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += source;
    if (problem.line > 0) text += ':' + std::to_string(problem.line);
    text += ": " + problem.text;
  }
  return text;
}

void read_sections(const toml::table& file, Config& config, Reader& reader) {
  std::vector<std::string_view> names;
  for (const Section& section : schema()) {
    if (section.name.empty())
      for (const KeyInfo& key : section.keys) names.push_back(key.name);
    else
      names.push_back(section.name);
  }
  reader.check_names(file, "", names);
  for (const Section& section : schema()) {
    const toml::node* node = section.name.empty() ? &file : file.get(section.name);
    if (node != nullptr) section.read(*node, config, reader);
  }
}

/// The password of a next hop, from its file.
void read_password(route::HopConfig& hop, const std::string& key, const Config& config,
                   Reader& reader) {
  const auto complain = [&](const std::string& why) {
    reader.complain(reader.line_of(key), key + ": " + why);
  };
  const bool by_certificate = !config.deliver.certificate.certificate_file.empty();
  if (hop.user.empty() && !hop.password_file.empty())
    return complain("there is no user that it would be for");
  if (!hop.user.empty() && hop.password_file.empty() && !by_certificate)
    return complain("is required where there is a user, unless there is a deliver.certificate");
  if (hop.password_file.empty()) return;
  std::ifstream file(hop.password_file);
  if (!std::getline(file, hop.password) || hop.password.empty())
    complain(hop.password_file + ": no password can be read there");
}

void read_passwords(Config& config, Reader& reader) {
  read_password(config.relay.smart_host_hop, "relay.smart_host_password_file", config, reader);
  for (route::StaticRoute& route : config.routes)
    read_password(route.hop, "route " + route.domain + ": password_file", config, reader);
}

/// toml++ of Debian is built to throw.
Result<toml::table> parse_toml(std::string_view text, const std::string& source) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(Fault::malformed,
                join({{error.source().begin.line, std::string(error.description())}}, source));
  }
}

/// The line of the longest key that `complaint` begins with; 0 when there is none.
std::uint32_t line_of(std::string_view complaint, const Reader& reader) {
  std::uint32_t line = 0;
  std::size_t longest = 0;
  for (const auto& [key, where] : reader.lines()) {
    if (key.size() <= longest || !complaint.starts_with(key)) continue;
    longest = key.size();
    line = where;
  }
  return line;
}

/// Stands for a hostname that was complained of already.
constexpr const char* kUnnamed = "unnamed.invalid";

/// What the stages have against the values.
void check_values(const Config& config, Reader& reader) {
  if (config.hostname.empty() && reader.line_of("hostname") == 0)
    reader.complain(0, "hostname: is required");
  if (config.listen.empty()) reader.complain(0, "listen: at least one address is required");
  AssemblyConfig parts = config.assembly();
  if (parts.route.hostname.empty()) parts.route.hostname = kUnnamed;
  // One complaint about a hostname is enough.
  if (!smtp::Domain::parse(parts.notice.hostname)) parts.notice.hostname = kUnnamed;
  const Result<> checked = Assembly::check(parts);
  if (checked) return;
  std::vector<std::uint32_t> unread;
  for (const Problem& problem : reader.problems()) unread.push_back(problem.line);
  std::string_view rest = checked.error().text();
  while (!rest.empty()) {
    const std::string_view complaint = rest.substr(0, rest.find('\n'));
    // A line that could not be read has its complaint already; what follows from it is no help.
    const std::uint32_t line = line_of(complaint, reader);
    if (line == 0 || std::ranges::find(unread, line) == unread.end())
      reader.complain(line, std::string(complaint));
    rest.remove_prefix(std::min(rest.size(), complaint.size() + 1));
  }
}

Result<std::string> read_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    return fail(Fault::unavailable, path + ": cannot be read: it is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open())
    return fail(Fault::unavailable,
                path + ": cannot be read: " + std::generic_category().message(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Result<Loaded> parse(std::string_view text, const std::string& source) {
  const auto file = parse_toml(text, source);
  if (!file) return fail(file.error());
  Loaded loaded{{}, source, {}};
  Reader reader;
  read_sections(*file, loaded.config, reader);
  read_passwords(loaded.config, reader);
  check_values(loaded.config, reader);
  if (!reader.problems().empty())
    return fail(Fault::malformed, join(std::move(reader.problems()), source));
  loaded.lines = reader.lines();
  return loaded;
}

Result<Loaded> load(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  return parse(*text, path);
}

Result<Config> load_unchecked(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  const auto file = parse_toml(*text, path);
  if (!file) return fail(file.error());
  Config config;
  Reader reader;
  read_sections(*file, config, reader);
  return config;
}

std::vector<std::string> warnings(const Config& config) {
  std::vector<std::string> found;
  for (const IpNetwork& network : config.relay.networks)
    if (network.text().ends_with("/0"))
      found.push_back("relay.networks: " + network.text() +
                      " lets anybody send to anywhere through this server: an open relay, which "
                      "spammers find within hours");
  if (!config.storage.sync)
    found.emplace_back("storage.sync: is off: a power cut loses mail that was acknowledged");
  return found;
}

Result<Loaded> load_development() { return parse(development_text(), kDevelopment); }

bool Loaded::is_development() const noexcept { return source == kDevelopment; }

Result<Loaded> load_again(const Loaded& loaded) {
  return loaded.is_development() ? load_development() : load(loaded.source);
}

std::string_view development_text() {
  return R"(# A mail server to try things out with.
hostname = "mail.example.test"

[storage]
path = "run"

[[listen]]
address = "127.0.0.1:2525"

[[listen]]
address = "127.0.0.1:2587"
service = "submission"

[[listen]]
address = "127.0.0.1:2465"
service = "submissions"

[[domain]]
name = "example.test"
mailboxes = ["you"]
aliases = { sales = ["you"] }

[process]
user = "root"  # Started by root it stays root, for ./run may be where no other user gets to.
)";
}

}  // namespace veredus::config
