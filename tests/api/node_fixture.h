// A store in a folder of its own, for tests: opened, closed and opened again as a process would.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "eventstore/rocksdb_store.h"

namespace monitor {

class StoreFolder {
 public:
  StoreFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "monitor_test_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(accounts());
    Open();
  }
  ~StoreFolder() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  const std::string& path() const { return path_; }
  std::string accounts() const { return path_ + "/accounts"; }
  RocksDbStore& store() { return *store_; }
  void Close() { store_.reset(); }
  void Open() {
    RocksDbStoreOptions options;
    options.path = path_ + "/store";
    auto opened = RocksDbStore::Open(std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    store_ = std::move(*opened);
  }

  // As editors do: a new file under the old name.
  void WriteAccountFile(const std::string& name, const std::string& content) {
    std::ofstream(path_ + "/new") << content;
    std::filesystem::rename(path_ + "/new", accounts() + "/" + name);
  }

 private:
  std::string path_;
  std::unique_ptr<RocksDbStore> store_;
};

// A small document; `name` makes it another revision.
inline std::string SampleDocument(const std::string& id, const std::string& name = "first") {
  return R"({"accountId":")" + id + R"(","name":")" + name + R"(","appInstallations":[{"id":"web"},)" +
         R"({"id":"old","enabled":false}],"skills":[{"id":3,"name":"sales"}],)" +
         R"("settings":{"controlGroup":{"percentage":0}},)" +
         R"("campaigns":[{"id":41,"controlGroup":{"percentage":0},"engagements":[)" +
         R"({"id":4101,"channel":"messaging","type":"sticky","skillId":3},)" +
         R"({"id":4102,"channel":"chat","type":"embedded","skillId":3}]}]})";
}

}  // namespace monitor
