#include "mail/authenticate/authenticator.h"

#include <utility>

#include "io/call_on.h"
#include "mail/authenticate/judge.h"

namespace veredus::authenticate {
namespace {

/// Hands what `task` comes to over to who waits for it. `keeps` is what the task refers to.
template <class T>
io::Task<> answer_with(std::shared_ptr<void> keeps, io::Task<T> task, io::Answer<T> answer) {
  T value = co_await std::move(task);
  answer(std::move(value));
  keeps.reset();
}

}  // namespace

Authenticator::Authenticator(AuthenticateConfig config, Surroundings surroundings)
    : system_(surroundings.system),
      config_(std::make_shared<const AuthenticateConfig>(std::move(config))),
      judge_(std::make_shared<Judge>(config_, std::move(surroundings))) {}

Authenticator::~Authenticator() = default;

void Authenticator::replace(AuthenticateConfig config) {
  auto shared = std::make_shared<const AuthenticateConfig>(std::move(config));
  {
    const std::scoped_lock lock(mutex_);
    config_ = shared;
  }
  system_.reactors.front()->post([judge = judge_, shared = std::move(shared)]() mutable {
    judge->configure(std::move(shared));
  });
}

std::shared_ptr<const AuthenticateConfig> Authenticator::config() const {
  const std::scoped_lock lock(mutex_);
  return config_;
}

/// Runs a function of the judge on its reactor.
template <class T, class... Parameters>
io::Task<T> Authenticator::ask(io::Task<T> (Judge::*function)(Parameters...),
                               Parameters... parameters) {
  io::Reactor& home = *system_.reactors.front();
  std::move_only_function<void(io::Answer<T>)> work =
      [&home, judge = judge_, function,
       ... parameters = std::move(parameters)](io::Answer<T> answer) mutable {
        io::Task<T> task = std::invoke(function, *judge, std::move(parameters)...);
        home.spawn("authenticate",
                   answer_with<T>(std::move(judge), std::move(task), std::move(answer)));
      };
  co_return co_await io::call_on<T>(home, system_.clock, std::move(work));
}

io::Task<Verdict> Authenticator::check_password(PasswordAttempt attempt) {
  co_return co_await ask(&Judge::check_password, std::move(attempt));
}

io::Task<Authenticator::Expected> Authenticator::secrets_of(ProofAttempt attempt) {
  co_return co_await ask(&Judge::secrets_of, std::move(attempt));
}

io::Task<Verdict> Authenticator::judge(ProofAttempt attempt, Expectation expectation, bool proven) {
  co_return co_await ask(&Judge::judge, std::move(attempt), std::move(expectation), proven);
}

io::Task<Verdict> Authenticator::check_certificate(ProofAttempt attempt) {
  co_return co_await ask(&Judge::check_certificate, std::move(attempt));
}

}  // namespace veredus::authenticate
