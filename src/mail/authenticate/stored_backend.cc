#include "mail/authenticate/stored_backend.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <sodium.h>

#include "io/workers.h"
#include "mail/authenticate/password.h"

namespace veredus::authenticate {
namespace {

Secret random_key() {
  std::string key(crypto_generichash_KEYBYTES, '\0');
  randombytes_buf(key.data(), key.size());
  return Secret(std::move(key));
}

/// What a worker gets to do; owns all it looks at.
struct Work {
  std::string full;
  std::vector<std::string> light;
  Secret password;
};

struct Found {
  bool full = false;
  std::optional<std::size_t> light;  ///< Which one.
};

Found compute(const Work& work) {
  Found found;
  for (std::size_t i = 0; i < work.light.size(); ++i)
    if (verify_password(work.light[i], work.password)) found.light = i;
  found.full = verify_password(work.full, work.password);
  return found;
}

}  // namespace

StoredBackend::StoredBackend(const io::System& system)
    : system_(system), line_(system.clock), remembered_(random_key()) {}

void StoredBackend::configure(std::shared_ptr<const AuthenticateConfig> config) {
  config_ = std::move(config);
  decoy_ = make_decoy(config_->hash);
}

io::Task<Result<std::optional<std::string>>> StoredBackend::check(Claim claim, Secret password) {
  const Candidates candidates = candidates_of(claim);
  if (auto name = recall(claim, candidates, password)) co_return std::move(name);

  const WaitingLine::Limits limits{.at_once = config_->checks_at_once,
                                   .waiting_max = config_->checks_waiting_max,
                                   .per_client_max = config_->checks_per_client_max};
  auto place = co_await line_.enter(claim.client, limits);
  if (!place) co_return fail(place.error());

  Work work{
      .full = candidates.full ? candidates.full->hash : decoy_, .light = {}, .password = password};
  std::ranges::transform(candidates.light, std::back_inserter(work.light), &Candidate::hash);
  ++computations_;
  auto job = [work = std::move(work)] { return compute(work); };
  const Found found = co_await io::run_blocking(system_.workers, std::move(job));

  const Candidate* right = nullptr;
  if (found.full && candidates.full) right = &*candidates.full;
  if (found.light) right = &candidates.light[*found.light];
  if (right == nullptr) co_return std::nullopt;
  keep(claim, *right, password);
  co_return right->name;
}

StoredBackend::Candidates StoredBackend::candidates_of(const Claim& claim) {
  Candidates candidates;
  if (claim.account == nullptr) return candidates;
  const std::string& wanted = claim.login.credential;
  for (const directory::Credential& credential : claim.account->credentials) {
    if (credential.argon2id.empty() || !is_for(credential, claim.protocol)) continue;
    Candidate candidate{.name = credential.name, .hash = credential.argon2id};
    const bool meant = credential.name == wanted;
    if (is_light(candidate.hash)) {
      if (meant || wanted.empty()) candidates.light.push_back(std::move(candidate));
    } else if (meant) {
      candidates.full = std::move(candidate);
    }
  }
  return candidates;
}

std::optional<std::string> StoredBackend::recall(const Claim& claim, const Candidates& candidates,
                                                 const Secret& password) const {
  const SteadyTime now = system_.clock.now();
  const auto is_remembered = [&](const Candidate& candidate) {
    return remembered_.contains(remembered_.tag_of(claim.login.account, candidate.hash, password),
                                now);
  };
  if (candidates.full && is_remembered(*candidates.full)) return candidates.full->name;
  const auto found = std::ranges::find_if(candidates.light, is_remembered);
  if (found == candidates.light.end()) return std::nullopt;
  return found->name;
}

void StoredBackend::keep(const Claim& claim, const Candidate& right, const Secret& password) {
  if (config_->remember == config_->remember.zero()) return;
  remembered_.add(remembered_.tag_of(claim.login.account, right.hash, password),
                  system_.clock.now() + config_->remember, config_->remembered_max);
}

}  // namespace veredus::authenticate
