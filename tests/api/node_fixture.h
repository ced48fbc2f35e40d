// A store in a folder of its own, for tests: opened, closed and opened again as a process would.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include "api/visits/visitor_commands.h"
#include "domain/account/account.h"
#include "domain/account/account_snapshot.h"
#include "domain/values/bytes.h"
#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/new_event.h"
#include "tests/eventstore/store_fixture.h"
#include "tests/temporary_folder.h"

namespace monitor {

class StoreFolder {
 public:
  StoreFolder() {
    std::filesystem::create_directory(accounts());
    Open();
  }

  std::string path() const { return folder_.path(); }
  std::string accounts() const { return path() + "/accounts"; }
  RocksDbStore& store() { return *store_; }
  void Close() { store_.reset(); }
  // Leaves the store closed.
  void BeginEpoch(std::uint32_t number) {
    Close();
    monitor::BeginEpoch(path() + "/store", number);
  }
  void Open() {
    RocksDbStoreOptions options;
    options.path = path() + "/store";
    auto opened = RocksDbStore::Open(std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    store_ = std::move(*opened);
  }

  // As editors do: a new file under the old name.
  void WriteAccountFile(const std::string& name, const std::string& content) {
    std::ofstream(path() + "/new") << content;
    std::filesystem::rename(path() + "/new", accounts() + "/" + name);
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RocksDbStore> store_;
};

// What becomes of a visitor's request, waited for.
inline VisitOutcome<Decision> Decided(VisitorCommands& commands, VisitCall call) {
  std::promise<VisitOutcome<Decision>> decided;
  commands.HandleThen(std::move(call), [&decided](auto decision) { decided.set_value(std::move(decision)); });
  return decided.get_future().get();
}

// A small document; `name` makes it another revision.
inline std::string SampleDocument(const std::string& id, const std::string& name = "first") {
  return R"({"accountId":")" + id + R"(","name":")" + name + R"(","appInstallations":[{"id":"web"},)" +
         R"({"id":"old","enabled":false}],"skills":[{"id":3,"name":"sales"}],)" +
         R"("settings":{"controlGroup":{"percentage":0}},)" +
         R"("campaigns":[{"id":41,"controlGroup":{"percentage":0},"engagements":[)" +
         R"({"id":4101,"channel":"messaging","type":"sticky","skillId":3},)" +
         R"({"id":4102,"channel":"chat","type":"embedded","skillId":3}]}]})";
}

// One that an older server took and this one refuses.
constexpr const char* kRefusedDocument = R"({"accountId":"demo","appInstallations":[{}],"campaigns":[]})";

// What that older server left behind: the document is the account's newest event, and `kept` what is kept beside it.
inline void StoreRefusedDocument(RocksDbStore& store, AccountSnapshot kept) {
  const Event event{{AccountId("demo"), {}, {}, {}},
                    AccountConfigured{RevisionOf(kRefusedDocument), kRefusedDocument, "admin"}};
  AppendRequest request;
  request.key = "demo/";
  request.streams = {{AccountStream(AccountId("demo")), kept.version, {EncodeNew(event, NoKey())}}};
  ++kept.version;
  kept.document = kRefusedDocument;
  request.states = {{StateTable::kAccount, "demo", kept.ToJson()}};
  ASSERT_TRUE(store.Append(std::move(request)));
}

}  // namespace monitor
