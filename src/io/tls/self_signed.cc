// A certificate for who has none yet.

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ip.h"
#include "io/tls/openssl.h"
#include "io/tls/server.h"

namespace veredus::io {
namespace {

constexpr long kYears = 10;
constexpr long kDaySeconds = 24L * 60 * 60;
constexpr int kSerialBits = 120;

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ",") + std::string(IpAddress::parse(name) ? "IP:" : "DNS:") + name;
  return text;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_serial(X509* certificate) {
  BIGNUM* number = BN_new();
  BN_rand(number, kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

tls::Certificate certify(EVP_PKEY* key, const std::vector<std::string>& names) {
  tls::Certificate made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  set_serial(certificate);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDaySeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kYears * 365 * kDaySeconds);
  X509_NAME* subject = X509_get_subject_name(certificate);
  constexpr std::size_t kCommonNameMax = 64;
  const std::string name = names.front().substr(0, kCommonNameMax);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_set_pubkey(certificate, key);
  add_extension(certificate, NID_subject_alt_name, alternative_names(names));
  add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, NID_ext_key_usage, "serverAuth");
  if (X509_sign(certificate, key, EVP_sha256()) == 0) return nullptr;
  return made;
}

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

Result<> cannot(const std::string& path) {
  return fail(Fault::unavailable,
              path + ": cannot be written: " + std::generic_category().message(errno));
}

/// Under another name first, so that nobody ever reads half of it.
Result<> write_file(const std::string& path, const std::string& text, ::mode_t mode) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return cannot(draft);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<::ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) return cannot(path);
  return {};
}

}  // namespace

Result<> make_self_signed(const std::vector<std::string>& names, const TlsCertificate& files) {
  const tls::Key key(EVP_EC_gen("P-256"));
  const tls::Certificate certificate = key ? certify(key.get(), names) : nullptr;
  if (!certificate) return fail(Fault::unavailable, "no certificate: " + tls::last_error());
  const tls::Bio key_text(BIO_new(BIO_s_mem()));
  const tls::Bio certificate_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  std::error_code unknown;
  for (const std::string& file : {files.key_file, files.certificate_file})
    std::filesystem::create_directories(std::filesystem::path(file).parent_path(), unknown);
  if (auto written = write_file(files.key_file, text_of(key_text.get()), 0600); !written)
    return written;
  return write_file(files.certificate_file, text_of(certificate_text.get()), 0644);
}

}  // namespace veredus::io
