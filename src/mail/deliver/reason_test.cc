#include "mail/deliver/reason.h"

#include <string>

#include <gtest/gtest.h>

#include "wire/smtp/reply.h"

namespace veredus::deliver {
namespace {

struct CauseCase {
  const char* name;
  Cause cause;
  std::string_view want;  ///< RFC 3463 §3
};

class StatusCode : public ::testing::TestWithParam<CauseCase> {};

TEST_P(StatusCode, StandsInFrontOfTheSentence) {
  EXPECT_EQ(status_code(GetParam().cause), GetParam().want);
  EXPECT_TRUE(smtp::EnhancedStatus::parse(GetParam().want));
  EXPECT_EQ(reason(GetParam().cause, "it broke"), std::string(GetParam().want) + " It broke");
}

std::string name_of(const ::testing::TestParamInfo<CauseCase>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(Rfc3463Section3, StatusCode,
                         ::testing::Values(CauseCase{"connect", Cause::cannot_connect, "4.4.1"},
                                           CauseCase{"no_answer", Cause::no_answer, "4.4.2"},
                                           CauseCase{"lost", Cause::connection_lost, "4.4.2"},
                                           CauseCase{"bad_reply", Cause::bad_reply, "4.5.0"},
                                           CauseCase{"too_large", Cause::too_large, "5.3.4"},
                                           CauseCase{"convert", Cause::not_convertible, "5.6.3"},
                                           CauseCase{"storage", Cause::storage, "4.3.0"},
                                           CauseCase{"our_fault", Cause::our_fault, "4.3.0"},
                                           CauseCase{"reconfigured", Cause::reconfigured, "4.3.5"},
                                           CauseCase{"no_space", Cause::no_space, "4.3.1"},
                                           CauseCase{"mailbox", Cause::mailbox, "4.2.0"},
                                           CauseCase{"no_mailbox", Cause::no_mailbox, "5.1.1"}),
                         &name_of);

}  // namespace
}  // namespace veredus::deliver
