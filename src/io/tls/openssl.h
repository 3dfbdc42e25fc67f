// OpenSSL's objects with owners, and its errors as ours. Private to this folder.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/result.h"
#include "io/tls/server.h"

namespace veredus::io::tls {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Handle = std::unique_ptr<SSL, Free<SSL_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Session = std::unique_ptr<SSL_SESSION, Free<SSL_SESSION_free>>;

/// The oldest of this thread's errors in words, and forgets them all.
std::string last_error();

/// What both sides have in common: versions, ciphers, no renegotiation, no compression.
Context make_context(const SSL_METHOD* method, TlsVersion version_min);

/// A file's octets, from the disk; see FileReader.
Result<std::string> read_file(const std::string& path);

/// A certificate with its chain and its key. Errors name the file and say what to do.
Result<> use_certificate(SSL_CTX* context, const TlsCertificate& files,
                         const FileReader& read = read_file);

/// The PEM file's certificates as those we trust. `what` is for errors.
Result<> trust(SSL_CTX* context, const std::string& ca_file, const std::string& what);

/// The PEM file's revocation lists count for the authorities whose they are; others have none.
Result<> revoke(SSL_CTX* context, const std::string& crl_file);

/// Any peer may go on: chain_problem() says afterwards what was wrong with its certificate.
void judge_later(SSL_CTX* context, int mode);

/// Why a chain is not trusted, in words; empty when it is.
std::string chain_problem(const SSL* ssl, const X509* certificate);

/// DNS names and addresses in the certificate's subjectAltName.
std::vector<std::string> names_in(const X509* certificate);
WallTime not_after(const X509* certificate);

}  // namespace veredus::io::tls
