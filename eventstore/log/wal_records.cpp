#include "eventstore/log/wal_records.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/crc32c.h"
#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record.h"

namespace monitor {
namespace {

constexpr std::size_t kBlockSize = 32'768;

// RocksDB stores checksums rotated and shifted, so that a checksum of checksums is none.
std::uint32_t Mask(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

// An event is told by its key and its checksum, which no other family's entry has: their numbers stand in the manifest.
class EventsOfBatch : public rocksdb::WriteBatch::Handler {
 public:
  explicit EventsOfBatch(const std::function<void(StoredEvent&&)>& take) : take_(take) {}

  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    const auto position = ParseLogKey(ToView(key));
    if (!position) return rocksdb::Status::OK();
    if (auto event = DecodeRecord(*position, ToView(value))) take_(*std::move(event));
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return rocksdb::Status::OK(); }
  rocksdb::Status SingleDeleteCF(std::uint32_t, const rocksdb::Slice&) override { return rocksdb::Status::OK(); }
  rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return rocksdb::Status::OK();
  }
  void LogData(const rocksdb::Slice&) override {}

 private:
  const std::function<void(StoredEvent&&)>& take_;
};

void TakeBatch(std::string record, const std::function<void(StoredEvent&&)>& take) {
  EventsOfBatch events(take);
  rocksdb::WriteBatch(std::move(record)).Iterate(&events).PermitUncheckedError();
}

}  // namespace

std::size_t WalBlockEnd(std::size_t at) { return (at / kBlockSize + 1) * kBlockSize; }

bool HasWalChecksum(std::string_view bytes, std::size_t at, std::size_t length) {
  return LoadLittle<std::uint32_t>(bytes.data() + at) == Mask(Crc32c(bytes.substr(at + 6, length + 1)));
}

std::optional<WalFragment> ReadWalFragment(std::string_view bytes, std::size_t at) {
  if (at + kWalHeaderSize > bytes.size()) return std::nullopt;
  const std::size_t length = LoadLittle<std::uint16_t>(bytes.data() + at + 4);
  const auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  const std::size_t end = at + kWalHeaderSize + length;
  if (type == 0 || end > std::min(WalBlockEnd(at), bytes.size()) || !HasWalChecksum(bytes, at, length)) {
    return std::nullopt;
  }
  return WalFragment{WalFragmentType{type}, bytes.substr(at + kWalHeaderSize, length), end};
}

void ForEachWalEvent(std::string_view bytes, std::size_t from, const std::function<void(StoredEvent&&)>& take) {
  std::optional<std::string> record;  // as far as it was read
  for (std::size_t at = from; at + kWalHeaderSize <= bytes.size();) {
    const auto fragment = ReadWalFragment(bytes, at);
    if (!fragment) {
      // What fills a block's end; or damage, behind which a record begins wherever one is sound.
      const bool is_filler = WalBlockEnd(at) - at < kWalHeaderSize;
      at = is_filler ? WalBlockEnd(at) : at + 1;
      if (!is_filler) record.reset();
      continue;
    }
    at = fragment->end;
    if (fragment->type == WalFragmentType::kFull || fragment->type == WalFragmentType::kFirst) record.emplace();
    if (!record) continue;
    record->append(fragment->payload);
    if (fragment->type == WalFragmentType::kFull || fragment->type == WalFragmentType::kLast) {
      TakeBatch(*std::exchange(record, std::nullopt), take);
    }
  }
}

}  // namespace monitor
