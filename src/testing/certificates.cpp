#include "testing/certificates.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

void require(bool worked, const char* what) {
  if (worked) return;
  char reason[256] = "no reason given";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  throw std::runtime_error(std::string(what) + ": " + reason);
}

key_ptr new_key() {
  key_ptr key(EVP_EC_gen("P-256"));
  require(key != nullptr, "cannot make a key");
  return key;
}

void add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  require(extension != nullptr, "cannot make an extension");
  require(X509_add_ext(certificate, extension.get(), -1) == 1, "cannot add an extension");
}

certificate_ptr new_certificate(EVP_PKEY* key, const char* name, long serial,
                                std::chrono::seconds from, std::chrono::seconds until) {
  certificate_ptr made(X509_new());
  require(made != nullptr, "cannot make a certificate");
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), static_cast<long>(from.count()));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(until.count()));
  X509_set_pubkey(made.get(), key);
  const auto* text = reinterpret_cast<const unsigned char*>(name);
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text,
                                     -1, -1, 0) == 1,
          "cannot name the certificate");
  return made;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "cannot sign");
}

file_ptr open_for_writing(const std::filesystem::path& path) {
  file_ptr file(std::fopen(path.c_str(), "wx"));
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return file;
}

void write_certificate(const std::filesystem::path& path, X509* made) {
  require(PEM_write_X509(open_for_writing(path).get(), made) == 1, "cannot write a certificate");
}

} // namespace

struct certificate_authority::state {
  key_ptr ca_key = new_key();
  certificate_ptr ca = new_certificate(ca_key.get(), "Holdfast test CA", 1, -48h, 240h);
  key_ptr server_key = new_key();
  long serial = 1;
  certificate_files files;
};

certificate_authority::certificate_authority(const std::filesystem::path& folder)
    : state_{std::make_unique<state>()} {
  X509* const ca = state_->ca.get();
  add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(ca, ca, state_->ca_key.get());
  state_->files = {folder / "ca.crt", folder / "server.crt", folder / "server.key"};
  write_certificate(state_->files.ca, ca);
  const file_ptr key_file = open_for_writing(state_->files.key);
  ::chmod(state_->files.key.c_str(), 0600);
  require(PEM_write_PrivateKey(key_file.get(), state_->server_key.get(), nullptr, nullptr, 0,
                               nullptr, nullptr) == 1,
          "cannot write the key");
}

certificate_authority::~certificate_authority() = default;

void certificate_authority::issue(std::chrono::seconds valid_for) {
  const auto from = std::min<std::chrono::seconds>(-1h, valid_for - 24h);
  const auto made =
      new_certificate(state_->server_key.get(), "localhost", ++state_->serial, from, valid_for);
  add_extension(made.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  sign(made.get(), state_->ca.get(), state_->ca_key.get());
  const auto fresh = state_->files.certificate.string() + ".new";
  write_certificate(fresh, made.get());
  std::filesystem::rename(fresh, state_->files.certificate);
}

const certificate_files& certificate_authority::files() const noexcept { return state_->files; }

} // namespace holdfast::testing
