// The contract of every engine, held by this one.

#include "storage/contract_test.h"

#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

class RocksdbEngine final : public Engine {
 public:
  Storage& storage() override { return world_.storage(); }
  void reopen() override { world_.reopen(); }
  void run(io::Task<> task) override { world_.run(finished(std::move(task))); }

 private:
  static io::Task<bool> finished(io::Task<> task) {
    co_await std::move(task);
    co_return true;
  }

  support::TemporaryFolder folder_;
  support::World world_{support::small_storage(folder_.path())};
};

std::unique_ptr<Engine> make_rocksdb_engine() { return std::make_unique<RocksdbEngine>(); }

INSTANTIATE_TEST_SUITE_P(Rocksdb, StorageContract, testing::Values(&make_rocksdb_engine));

}  // namespace
}  // namespace veredus::storage
