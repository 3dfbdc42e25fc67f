#include "mail/authenticate/pam_backend.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <security/pam_appl.h>

#include "base/log.h"
#include "io/workers.h"

namespace veredus::authenticate {
namespace {

/// Octets in memory from malloc(), as PAM frees them; null when there is none.
char* copy_for_pam(std::string_view text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) return nullptr;
  std::ranges::copy(text, copy);
  copy[text.size()] = '\0';
  return copy;
}

void free_answers(pam_response* answers, std::size_t count) {
  for (pam_response& answer : std::span(answers, count)) std::free(answer.resp);
  std::free(answers);
}

/// What modules ask the user (pam_conv(3)). `data` is the password.
int answer_prompts(int count, const pam_message** messages, pam_response** answers, void* data) {
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  const auto number = static_cast<std::size_t>(count);
  auto* made = static_cast<pam_response*>(std::calloc(number, sizeof(pam_response)));
  if (made == nullptr) return PAM_BUF_ERR;
  const auto& password = *static_cast<const Secret*>(data);
  for (std::size_t i = 0; i < number; ++i) {
    const bool asks_password = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF;
    const bool asks = asks_password || messages[i]->msg_style == PAM_PROMPT_ECHO_ON;
    if (!asks) continue;
    made[i].resp = copy_for_pam(asks_password ? password.reveal() : std::string_view());
    if (made[i].resp != nullptr) continue;
    free_answers(made, number);
    return PAM_BUF_ERR;
  }
  *answers = made;
  return PAM_SUCCESS;
}

/// Modules would have libpam sleep after a wrong password, on a worker; guessing is slowed down by
/// the throttle.
void no_delay(int /*result*/, unsigned /*microseconds*/, void* /*data*/) {}

/// A PAM transaction; its end is PAM's too.
class Transaction {
 public:
  explicit Transaction(const PamRequest& request) : password_(request.password) {
    const char* folder = request.folder.empty() ? nullptr : request.folder.c_str();
    conversation_.conv = &answer_prompts;
    conversation_.appdata_ptr = &password_;
    result_ = pam_start_confdir(request.service.c_str(), request.user.c_str(), &conversation_,
                                folder, &handle_);
    if (result_ != PAM_SUCCESS) return;
    set(PAM_RHOST, request.client.c_str());
    set(PAM_FAIL_DELAY, reinterpret_cast<const void*>(&no_delay));
  }
  ~Transaction() {
    if (handle_ != nullptr) pam_end(handle_, result_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Is it the user's password, and may they come in now?
  int run() {
    constexpr int kFlags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
    if (result_ == PAM_SUCCESS) result_ = pam_authenticate(handle_, kFlags);
    if (result_ == PAM_SUCCESS) result_ = pam_acct_mgmt(handle_, kFlags);
    return result_;
  }
  std::string text() const { return pam_strerror(handle_, result_); }

 private:
  void set(int item, const void* value) {
    if (result_ == PAM_SUCCESS) result_ = pam_set_item(handle_, item, value);
  }

  Secret password_;
  pam_conv conversation_{};
  pam_handle_t* handle_ = nullptr;
  int result_ = PAM_SUCCESS;
};

}  // namespace

Result<bool> ask_pam(const PamRequest& request) {
  // PAM's texts end at NUL: what follows one would not be checked.
  if (request.user.contains('\0') || request.password.reveal().contains('\0')) return false;
  Transaction transaction(request);
  switch (transaction.run()) {
    case PAM_SUCCESS:
      return true;
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_PERM_DENIED:
    case PAM_ACCT_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_CRED_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
      return false;
    case PAM_SYSTEM_ERR:
      // pam_exec says this when its program did not like the password. Taken for our trouble, a
      // guess would be free.
      log::warning("pam_failed", {{"service", request.service}, {"reason", transaction.text()}});
      return false;
    default:
      return fail(Fault::unavailable,
                  "PAM service '" + request.service + "': " + transaction.text());
  }
}

PamBackend::PamBackend(const io::System& system, std::string folder)
    : system_(system), folder_(std::move(folder)), line_(system.clock) {}

bool PamBackend::serves(const LoginName& login) const {
  const auto& domains = config_->pam.domains;
  const std::string domain = login.account.substr(login.account.rfind('@') + 1);
  return login.is_address && login.credential.empty() &&
         std::ranges::find(domains, domain) != domains.end();
}

io::Task<Result<std::optional<std::string>>> PamBackend::check(Claim claim, Secret password) {
  const WaitingLine::Limits limits{.at_once = config_->checks_at_once,
                                   .waiting_max = config_->checks_waiting_max,
                                   .per_client_max = config_->checks_per_client_max};
  PamRequest request{.service = config_->pam.service,
                     .folder = folder_,
                     .user = claim.login.account.substr(0, claim.login.account.rfind('@')),
                     .client = claim.client.text(),
                     .password = std::move(password)};
  auto place = co_await line_.enter(claim.client, limits);
  if (!place) co_return fail(place.error());
  auto job = [request = std::move(request)] { return ask_pam(request); };
  const Result<bool> right = co_await io::run_blocking(system_.workers, std::move(job));
  if (!right) co_return fail(right.error());
  if (!*right) co_return std::nullopt;
  co_return std::string();
}

}  // namespace veredus::authenticate
