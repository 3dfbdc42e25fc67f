// Takes out of the Maildirs what the server has delivered into them.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/system.h"
#include "main/torture/books.h"

namespace veredus::torture {

/// On the first reactor, with its file work on the workers. Destroy it when the reactors run no
/// more.
class Collector {
 public:
  struct Mailbox {
    std::string address;
    std::string folder;  ///< The Maildir.
  };

  /// `books` outlives it.
  Collector(const io::System& system, std::vector<Mailbox> mailboxes, Books& books)
      : system_(system), mailboxes_(std::move(mailboxes)), books_(books) {}

  /// Goes round until the reactors end: judges what is there, and removes it. From any thread.
  void start();

  /// After look_again(): the mailboxes have since been seen empty. On the reactor.
  bool found_nothing() const noexcept { return empty_rounds_ >= kRoundsToBeSure; }
  void look_again() noexcept { empty_rounds_ = 0; }

 private:
  /// The round under way may have passed a mailbox already when look_again() was called.
  static constexpr unsigned kRoundsToBeSure = 2;

  static io::Task<> work(Collector& collector);
  io::Task<std::size_t> collect();

  io::System system_;
  std::vector<Mailbox> mailboxes_;
  Books& books_;
  unsigned empty_rounds_ = 0;
};

}  // namespace veredus::torture
