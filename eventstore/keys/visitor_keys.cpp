#include "eventstore/keys/visitor_keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "eventstore/log/keys.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kFileDigits = 2 * kKeyBytes;
static_assert(kKeyBytes == crypto_kdf_KEYBYTES && kKeyBytes == crypto_auth_hmacsha256_KEYBYTES);

// What the master key is never used for itself: each purpose has a key of its own (crypto_kdf, BLAKE2b).
constexpr char kPurpose[crypto_kdf_CONTEXTBYTES + 1] = "MONITOR1";
enum class Subkey : std::uint64_t { kWrapping = 1, kIdentities = 2, kCheck = 3 };

using KeyBytes = std::array<unsigned char, kKeyBytes>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Without its generator nothing here is safe; libsodium fails only where the system has none.
void StartLibrary() {
  if (sodium_init() < 0) std::abort();
}

// Nonce and ciphertext. A nonce of 192 bits may be drawn at random without counting.
std::string SealBytes(const KeyBytes& key, std::string_view plain) {
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(sealed) + kNonceBytes, nullptr, Bytes(plain), plain.size(), nullptr,
                                             0, nullptr, Bytes(sealed), key.data());
  return sealed;
}

std::optional<std::string> OpenBytes(const KeyBytes& key, std::string_view sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string plain(sealed.size() - kNonceBytes - kTagBytes, '\0');
  int opened =
      crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(plain), nullptr, nullptr, Bytes(sealed) + kNonceBytes,
                                                 sealed.size() - kNonceBytes, nullptr, 0, Bytes(sealed), key.data());
  if (opened != 0) return std::nullopt;
  return plain;
}

std::string ToBase64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), Bytes(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // libsodium's terminating NUL
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  int decoded = sodium_base642bin(Bytes(bytes), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                                  sodium_base64_VARIANT_ORIGINAL);
  if (decoded != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

void Derive(const KeyBytes& master, Subkey purpose, KeyBytes& out) {
  crypto_kdf_derive_from_key(out.data(), out.size(), static_cast<std::uint64_t>(purpose), kPurpose, master.data());
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::string Unusable(const std::string& path, const std::string& why) { return "the master key " + path + " " + why; }

bool WriteAll(int file, std::string_view text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
}

// Whole or not at all: written beside it, synced, then linked, which does not replace what somebody else just made.
std::expected<void, std::string> MakeKeyFile(const std::string& path) {
  std::string digits = RandomHex(kKeyBytes) + "\n";
  std::string draft = path + "." + RandomHex(8);
  File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(Unusable(path, std::string("can not be made: ") + std::strerror(errno)));
  bool written = WriteAll(file.get(), digits);
  sodium_memzero(digits.data(), digits.size());
  bool linked = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  int why = errno;
  ::unlink(draft.c_str());
  if (!linked) return std::unexpected(Unusable(path, std::string("can not be made: ") + std::strerror(why)));
  auto slash = path.find_last_of('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    return std::unexpected(Unusable(path, std::string("can not be made lasting: ") + std::strerror(errno)));
  }
  return {};
}

std::expected<void, std::string> ReadKeyFile(const std::string& path, KeyBytes& key) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::unexpected(Unusable(path, std::string("can not be read: ") + std::strerror(errno)));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || (status.st_mode & 077) != 0) {
    return std::unexpected(Unusable(path, "is open to others than its owner; do: chmod 600 " + path));
  }
  std::array<char, kFileDigits + 3> text;  // digits, a line's end, and one more to see that there is no more
  ssize_t size = ::read(file.get(), text.data(), text.size());
  std::string_view digits(text.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
  std::size_t decoded = 0;
  bool whole = digits.size() == kFileDigits &&
               sodium_hex2bin(key.data(), key.size(), digits.data(), digits.size(), nullptr, &decoded, nullptr) == 0 &&
               decoded == key.size();
  sodium_memzero(text.data(), text.size());
  if (!whole) return std::unexpected(Unusable(path, "must hold 64 hex digits and nothing else"));
  return {};
}

}  // namespace

struct MasterKey::Secret {
  KeyBytes wrapping, identities, check;

  ~Secret() { sodium_memzero(this, sizeof *this); }
};

MasterKey::MasterKey() : secret_(std::make_unique<Secret>()) {}
MasterKey::~MasterKey() = default;
MasterKey::MasterKey(MasterKey&&) noexcept = default;
MasterKey& MasterKey::operator=(MasterKey&&) noexcept = default;

std::expected<MasterKey, std::string> MasterKey::Load(const std::string& path, bool create) {
  StartLibrary();
  if (create && ::access(path.c_str(), F_OK) != 0) {
    if (auto made = MakeKeyFile(path); !made) return std::unexpected(made.error());
  }
  KeyBytes bytes;
  if (auto read = ReadKeyFile(path, bytes); !read) return std::unexpected(read.error());
  MasterKey key;
  Derive(bytes, Subkey::kWrapping, key.secret_->wrapping);
  Derive(bytes, Subkey::kIdentities, key.secret_->identities);
  Derive(bytes, Subkey::kCheck, key.secret_->check);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

namespace {

// Whether the key opens any of the visitors' keys that are stored, or there is none. Of a store that was written before
// a key was remembered nothing else tells whether it is the right one.
bool OpensAnyOf(const RocksDbStore& store, const MasterKey& key) {
  constexpr std::size_t kPage = 1'000;
  std::string after;
  bool any = false;
  for (;;) {
    const auto page = store.ReadStates(StateTable::kVisitorKey, "", kPage, after);
    if (!page) return false;
    for (const auto& [name, wrapped] : *page) {
      if (VisitorKey::Unwrap(key, wrapped)) return true;
    }
    any |= !page->empty();
    if (page->size() < kPage) return !any;
    after = page->back().first;
  }
}

}  // namespace

std::expected<MasterKey, std::string> MasterKey::LoadFor(RocksDbStore& store, const std::string& path) {
  const auto remembered = store.ReadState(StateTable::kMeta, kMasterKeyCheckKey);
  if (!remembered) return std::unexpected(Unusable(path, "can not be compared with what the store remembers of it"));
  const auto origins = store.Origins();
  const bool empty = !*remembered && origins.size() == 1 && origins.front().last == 0;
  if (!empty && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return std::unexpected(Unusable(path, "is missing, but there is data that needs it; put it back"));
  }
  auto key = Load(path, empty && !store.IsReadOnly());
  if (!key) return key;
  const bool right = *remembered ? **remembered == key->CheckValue() : OpensAnyOf(store, *key);
  if (!right) {
    return std::unexpected(Unusable(path, "is another one than the data was written with; put that one back"));
  }
  if (!*remembered) {
    // Where nothing can be written now, the next start remembers it.
    const StateWrite check{StateTable::kMeta, kMasterKeyCheckKey, key->CheckValue()};
    if (!store.IsReadOnly()) (void)store.Append({.states = {check}});
  }
  return key;
}

std::string MasterKey::CheckValue() const {
  // What crypto_kdf derives is a keyed hash (BLAKE2b) of the purpose and its number.
  return {reinterpret_cast<const char*>(secret_->check.data()), secret_->check.size()};
}

IdentityHash MasterKey::HashIdentity(std::string_view iss, std::string_view sub) const {
  // The size of iss stands first, so that no two pairs are the same bytes.
  unsigned char size[8];
  for (int i = 0; i < 8; ++i) size[i] = static_cast<unsigned char>(std::uint64_t{iss.size()} >> (56 - 8 * i));
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, secret_->identities.data(), secret_->identities.size());
  crypto_auth_hmacsha256_update(&state, size, sizeof size);
  crypto_auth_hmacsha256_update(&state, Bytes(iss), iss.size());
  crypto_auth_hmacsha256_update(&state, Bytes(sub), sub.size());
  std::string hash(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, Bytes(hash));
  sodium_memzero(&state, sizeof state);
  return IdentityHash(Hex(hash));
}

struct VisitorKey::Secret {
  KeyBytes key;

  ~Secret() { sodium_memzero(this, sizeof *this); }
};

VisitorKey::VisitorKey() : secret_(std::make_unique<Secret>()) {}
VisitorKey::~VisitorKey() = default;
VisitorKey::VisitorKey(VisitorKey&&) noexcept = default;
VisitorKey& VisitorKey::operator=(VisitorKey&&) noexcept = default;

VisitorKey VisitorKey::Generate() {
  StartLibrary();
  VisitorKey key;
  crypto_aead_xchacha20poly1305_ietf_keygen(key.secret_->key.data());
  return key;
}

std::optional<VisitorKey> VisitorKey::Unwrap(const MasterKey& master, std::string_view wrapped) {
  auto bytes = monitor::OpenBytes(master.secret_->wrapping, wrapped);
  if (!bytes || bytes->size() != kKeyBytes) return std::nullopt;
  VisitorKey key;
  std::memcpy(key.secret_->key.data(), bytes->data(), kKeyBytes);
  sodium_memzero(bytes->data(), bytes->size());
  return key;
}

std::string VisitorKey::Wrap(const MasterKey& master) const {
  return monitor::SealBytes(master.secret_->wrapping,
                            {reinterpret_cast<const char*>(secret_->key.data()), secret_->key.size()});
}

std::string VisitorKey::SealBytes(std::string_view plain) const { return monitor::SealBytes(secret_->key, plain); }

std::optional<std::string> VisitorKey::OpenBytes(std::string_view sealed) const {
  return monitor::OpenBytes(secret_->key, sealed);
}

std::string VisitorKey::Seal(std::string_view plain) const { return ToBase64(SealBytes(plain)); }

std::optional<std::string> VisitorKey::Open(std::string_view sealed_base64) const {
  auto sealed = FromBase64(sealed_base64);
  if (!sealed) return std::nullopt;
  return OpenBytes(*sealed);
}

}  // namespace monitor
