// For tests of tasks: run one to its end from an ordinary thread.

#pragma once

#include <filesystem>
#include <future>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "io/reactors.h"
#include "io/temporary_folder.h"
#include "io/wait_for.h"

namespace veredus::io {

/// Runs `task` on `reactor` and waits for its result. The task must not throw.
template <class T>
T run_on(Reactor& reactor, Task<T> task) {
  return wait_for(reactor, std::move(task));
}

/// A test with reactor threads.
class ReactorTest : public testing::Test {
 protected:
  ReactorTest() { reactors_.start(2); }

  Reactor& first() { return *reactors_.all()[0]; }
  Reactor& second() { return *reactors_.all()[1]; }

  Reactors reactors_;
};

}  // namespace veredus::io
