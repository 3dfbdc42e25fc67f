#include "wire/sasl/session.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include <gsasl.h>

#include "base/base64.h"

namespace veredus::sasl {
namespace {

/// The library asks whether a password or certificate will do. That is for our caller to say,
/// later and perhaps on another thread: here all will do. What else it asks for was set before
/// or is not there.
int on_question(Gsasl*, Gsasl_session*, Gsasl_property property) {
  const bool is_check = property == GSASL_VALIDATE_SIMPLE || property == GSASL_VALIDATE_EXTERNAL;
  return is_check ? GSASL_OK : GSASL_NO_CALLBACK;
}

struct Done {
  void operator()(Gsasl* library) const noexcept { gsasl_done(library); }
};

std::unique_ptr<Gsasl, Done> open_library() {
  Gsasl* library = nullptr;
  if (gsasl_init(&library) != GSASL_OK) return nullptr;
  gsasl_callback_set(library, on_question);
  return std::unique_ptr<Gsasl, Done>(library);
}

/// The table of mechanisms: made once, only read afterwards, and so shared by all threads.
Gsasl* library() {
  static const std::unique_ptr<Gsasl, Done> opened = open_library();
  return opened.get();
}

Gsasl_property to_gsasl(Property property) {
  switch (property) {
    case Property::account:
      return GSASL_AUTHID;
    case Property::authorize_as:
      return GSASL_AUTHZID;
    case Property::password:
      return GSASL_PASSWORD;
    case Property::iterations:
      return GSASL_SCRAM_ITER;
    case Property::salt:
      return GSASL_SCRAM_SALT;
    case Property::stored_key:
      return GSASL_SCRAM_STOREDKEY;
    case Property::server_key:
      return GSASL_SCRAM_SERVERKEY;
  }
  std::unreachable();
}

Fault fault_of(int code) {
  switch (code) {
    case GSASL_MECHANISM_PARSE_ERROR:
    case GSASL_BASE64_ERROR:
    case GSASL_SASLPREP_ERROR:
    case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
      return Fault::malformed;
    case GSASL_MALLOC_ERROR:
    case GSASL_CRYPTO_ERROR:
      return Fault::unavailable;
    default:
      return Fault::refused;
  }
}

Error describe(Mechanism mechanism, int code) {
  std::string text(name(mechanism));
  text += ": ";
  text += gsasl_strerror(code);
  return Error(fault_of(code), std::move(text));
}

}  // namespace

void Session::Finish::operator()(Gsasl_session* session) const noexcept {
  // The library frees secrets without wiping them. The octets are its own and not constant.
  for (const Gsasl_property secret :
       {GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD, GSASL_SCRAM_STOREDKEY, GSASL_SCRAM_SERVERKEY})
    if (const char* octets = gsasl_property_fast(session, secret))
      explicit_bzero(const_cast<char*>(octets), std::strlen(octets));
  gsasl_finish(session);
}

Result<Session> Session::open(Side side, Mechanism mechanism) {
  if (library() == nullptr) return fail(Fault::unavailable, "GNU SASL can't be initialised");
  Gsasl_session* opened = nullptr;
  const auto start = side == Side::client ? gsasl_client_start : gsasl_server_start;
  if (const int code = start(library(), name(mechanism).data(), &opened); code != GSASL_OK)
    return fail(Error(Fault::unavailable, describe(mechanism, code).text()));
  return Session(Handle(opened), mechanism);
}

void Session::set(Property property, std::string_view value) {
  gsasl_property_set_raw(handle_.get(), to_gsasl(property), value.data(), value.size());
}

void Session::set(const Binding& binding) {
  const auto put = [this](Gsasl_property property, std::string_view octets) {
    if (!octets.empty()) gsasl_property_set(handle_.get(), property, to_base64(octets).c_str());
  };
  put(GSASL_CB_TLS_EXPORTER, binding.exporter);
  put(GSASL_CB_TLS_UNIQUE, binding.unique);
}

std::string_view Session::get(Property property) const {
  const char* value = gsasl_property_fast(handle_.get(), to_gsasl(property));
  return value == nullptr ? std::string_view() : std::string_view(value);
}

Result<Turn> Session::step(std::string_view input) {
  // No input is not the same as empty input to the library: never pass it a null pointer.
  const std::string_view given = input.data() == nullptr ? std::string_view("") : input;
  char* output = nullptr;
  std::size_t octets = 0;
  const int code = gsasl_step(handle_.get(), given.data(), given.size(), &output, &octets);
  Turn turn;
  if (output != nullptr) {
    turn.output.assign(output, octets);
    explicit_bzero(output, octets);
    gsasl_free(output);
  }
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE) return fail(describe(mechanism_, code));
  turn.done = code == GSASL_OK;
  return turn;
}

}  // namespace veredus::sasl
