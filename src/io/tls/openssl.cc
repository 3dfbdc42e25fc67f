#include "io/tls/openssl.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace veredus::io::tls {
namespace {

/// RFC 9325 §4.2: forward secrecy and authenticated encryption alone.
constexpr const char* kCiphersBefore13 = "ECDHE+AESGCM:ECDHE+CHACHA20";

int version_of(TlsVersion version) {
  return version == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

Result<> must_be_readable(const std::string& path, const std::string& what) {
  const auto octets = read_file(path);
  if (octets) return {};
  return fail(Fault::unavailable,
              path + ": the " + what + " cannot be read: " + octets.error().text());
}

/// There is nobody to type one.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

Bio memory(const std::string& octets) {
  return Bio(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

/// The first certificate is ours, the others lead to its root.
bool use_chain(SSL_CTX* context, const std::string& octets) {
  const Bio in = memory(octets);
  const Certificate first(PEM_read_bio_X509_AUX(in.get(), nullptr, no_password, nullptr));
  if (!first || SSL_CTX_use_certificate(context, first.get()) != 1) return false;
  for (;;) {
    Certificate next(PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
    static_cast<void>(next.release());
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (is_end) ERR_clear_error();
  return is_end;
}

bool use_key(SSL_CTX* context, const std::string& octets) {
  const Bio in = memory(octets);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

/// Where a verification keeps what was wrong before it missed a revocation list.
int problem_index() {
  static const int index = X509_STORE_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// The last error stands at the end. That an authority has no revocation list here is none, and
/// does not hide one that came before.
int accept_any(int verified, X509_STORE_CTX* store) {
  if (verified == 1) return 1;
  const auto before =
      reinterpret_cast<std::intptr_t>(X509_STORE_CTX_get_ex_data(store, problem_index()));
  const int error = X509_STORE_CTX_get_error(store);
  if (error == X509_V_ERR_UNABLE_TO_GET_CRL)
    X509_STORE_CTX_set_error(store, static_cast<int>(before));
  else
    X509_STORE_CTX_set_ex_data(store, problem_index(),
                               reinterpret_cast<void*>(static_cast<std::intptr_t>(error)));
  return 1;
}

std::string name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string date_text(const ASN1_TIME* time) {
  std::tm fields{};
  ASN1_TIME_to_tm(time, &fields);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &fields)};
}

}  // namespace

std::string last_error() {
  const unsigned long code = ERR_get_error();
  std::string text = "unknown reason";
  if (const char* reason = ERR_reason_error_string(code); reason != nullptr) text = reason;
  ERR_clear_error();
  return text;
}

Context make_context(const SSL_METHOD* method, TlsVersion version_min) {
  Context context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), version_of(version_min));
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_SINGLE_ECDH_USE);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_cipher_list(context.get(), kCiphersBefore13);
  SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384");
  return context;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code unknown;
  if (file.is_open() && !std::filesystem::is_directory(path, unknown))
    return std::string(std::istreambuf_iterator<char>(file), {});
  const int why = file.is_open() ? EISDIR : errno;
  return fail(Fault::unavailable, std::generic_category().message(why));
}

Result<> use_certificate(SSL_CTX* context, const TlsCertificate& files, const FileReader& read) {
  const auto unreadable = [](const std::string& path, const std::string& what, const Error& why) {
    return fail(Fault::unavailable, path + ": the " + what + " cannot be read: " + why.text());
  };
  const auto chain = read(files.certificate_file);
  if (!chain) return unreadable(files.certificate_file, "certificate", chain.error());
  const auto key = read(files.key_file);
  if (!key) return unreadable(files.key_file, "key", key.error());
  if (!use_chain(context, *chain))
    return fail(Fault::malformed, files.certificate_file + ": holds no certificate in PEM form (" +
                                      last_error() + ")");
  if (!use_key(context, *key)) {
    const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    const std::string why = last_error();
    return fail(Fault::malformed,
                mismatch
                    ? files.key_file + ": is not the key of " + files.certificate_file
                    : files.key_file + ": holds no private key in PEM form without a password (" +
                          why + ")");
  }
  if (SSL_CTX_check_private_key(context) != 1)
    return fail(Fault::malformed, files.key_file + ": is not the key of " + files.certificate_file);
  ERR_clear_error();
  return {};
}

Result<> trust(SSL_CTX* context, const std::string& ca_file, const std::string& what) {
  if (auto readable = must_be_readable(ca_file, what); !readable) return readable;
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
    return fail(Fault::malformed,
                ca_file + ": holds no certificates in PEM form (" + last_error() + ")");
  return {};
}

Result<> revoke(SSL_CTX* context, const std::string& crl_file) {
  if (auto readable = must_be_readable(crl_file, "revocation list"); !readable) return readable;
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) < 1)
    return fail(Fault::malformed,
                crl_file + ": holds no revocation list in PEM form (" + last_error() + ")");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

void judge_later(SSL_CTX* context, int mode) { SSL_CTX_set_verify(context, mode, accept_any); }

std::string chain_problem(const SSL* ssl, const X509* certificate) {
  const long code = SSL_get_verify_result(ssl);
  switch (code) {
    case X509_V_OK:
      return "";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "it, or one it depends on, has expired (its own date is " +
             date_text(X509_get0_notAfter(certificate)) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "it is not valid before " + date_text(X509_get0_notBefore(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "it is self-signed";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "nobody trusted here has issued it (issuer: " +
             name_text(X509_get_issuer_name(certificate)) + ")";
    case X509_V_ERR_CERT_REVOKED:
      return "it was revoked";
    default:
      return X509_verify_cert_error_string(code);
  }
}

std::vector<std::string> names_in(const X509* certificate) {
  std::vector<std::string> names;
  using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
  const Names found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_EMAIL) continue;
    const ASN1_IA5STRING* text = name->type == GEN_DNS ? name->d.dNSName : name->d.rfc822Name;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return names;
}

WallTime not_after(const X509* certificate) {
  std::tm fields{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &fields);
  return WallTime(std::chrono::seconds(::timegm(&fields)));
}

}  // namespace veredus::io::tls
