#include "main/commands/queue_text.h"

#include <gtest/gtest.h>

namespace veredus::commands {
namespace {

std::string entry_of(const std::string& more) {
  return destination_entry(
      R"({"destination":"mx:far.example","messages":2,"waiting":1,"deferred":1,)"
      R"("held":0,"workers":0,"workers_max":20)" +
      more + "}");
}

TEST(DestinationEntry, HasALineOfFigures) {
  EXPECT_EQ(
      entry_of(R"(,"paused":false)"),
      "mx:far.example                               2        1         1      0    0 of 20  \n");
}

TEST(DestinationEntry, TellsAllThatKeepsItWaiting) {
  const std::string entry = entry_of(
      R"(,"paused":true,"left_alone_until":"2026-11-23T20:12:42Z","limit":"bigmail.example")");
  EXPECT_TRUE(
      entry.ends_with(" paused by an operator; failing, left alone until "
                      "2026-11-23T20:12:42Z; limit bigmail.example\n"))
      << entry;
}

}  // namespace
}  // namespace veredus::commands
