#include "io/tls/keeper.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "io/tls/tls_test_support.h"

namespace veredus::io {
namespace {

using std::chrono::minutes;

class KeeperTest : public TlsTest {
 protected:
  KeeperTest() {
    std::filesystem::create_directory(folder_.path() + "/live");
    link("first");
    auto made = TlsKeeper::make(config(), world_.system());
    EXPECT_TRUE(made);
    keeper_ = std::move(*made);
    world_.spawn("watch", TlsKeeper::watch(*keeper_));
  }
  TlsServerConfig config() const {
    return {
        .certificates = {{folder_.path() + "/live/cert.pem", folder_.path() + "/live/key.pem"}}};
  }
  /// Another certificate takes the place, as Let's Encrypt does it: by links.
  void link(const std::string& name) {
    const TlsCertificate files = authority_.certify({.name = name});
    relink(files.certificate_file, "cert.pem");
    relink(files.key_file, "key.pem");
  }
  void relink(const std::string& target, const std::string& name) const {
    const std::string place = folder_.path() + "/live/" + name;
    std::filesystem::remove(place);
    std::filesystem::create_symlink(target, place);
  }

  std::unique_ptr<TlsKeeper> keeper_;
};

TEST_F(KeeperTest, NewFilesAreReadAndBadOnesAreNot) {
  const auto first = keeper_->current();
  world_.run_for(minutes(5));
  EXPECT_EQ(keeper_->current(), first) << "nothing changed";
  link("second");
  world_.run_for(minutes(1));
  const auto second = keeper_->current();
  EXPECT_NE(second, first);
  relink(folder_.path() + "/nowhere", "key.pem");
  world_.run_for(minutes(1));
  EXPECT_EQ(keeper_->current(), second);
  link("third");
  world_.run_for(minutes(1));
  EXPECT_NE(keeper_->current(), second);
}

TEST_F(KeeperTest, AnotherConfigurationIsTakenOrRefused) {
  const auto first = keeper_->current();
  const auto replace = [this](TlsServerConfig config) {
    std::optional<Result<>> done;
    world_.spawn("replace", sim::keep<Result<>>(keeper_->replace(std::move(config)), done));
    EXPECT_TRUE(world_.run_until([&] { return done.has_value(); }));
    return done->has_value();
  };
  EXPECT_FALSE(replace({.certificates = {{"/nowhere", "/nowhere"}}}));
  EXPECT_EQ(keeper_->current(), first);
  EXPECT_TRUE(replace({.certificates = {authority_.certify({.name = "other"})}}));
  EXPECT_NE(keeper_->current(), first);
}

}  // namespace
}  // namespace veredus::io
