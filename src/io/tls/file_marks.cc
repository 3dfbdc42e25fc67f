#include "io/tls/file_marks.h"

#include <sys/stat.h>

namespace veredus::io {

FileMarks file_marks(const std::vector<std::string>& paths) {
  FileMarks found;
  for (const std::string& path : paths) {
    struct stat facts{};
    if (path.empty() || ::stat(path.c_str(), &facts) != 0) continue;
    found[path] = {facts.st_ino, (facts.st_mtim.tv_sec * 1'000'000'000L) + facts.st_mtim.tv_nsec,
                   static_cast<std::uint64_t>(facts.st_size)};
  }
  return found;
}

FileMarks file_marks(const TlsServerConfig& config) {
  std::vector<std::string> paths{config.client_ca_file, config.crl_file};
  for (const TlsCertificate& files : config.certificates)
    paths.insert(paths.end(), {files.certificate_file, files.key_file});
  return file_marks(paths);
}

FileMarks file_marks(const TlsClientConfig& config) {
  return file_marks({config.authorities(), config.crl_file, config.certificate.certificate_file,
                     config.certificate.key_file});
}

}  // namespace veredus::io
