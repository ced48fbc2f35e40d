#include "eventstore/log/sync_guard.h"

#include <utility>

namespace monitor {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using OnFailure = std::function<void(const std::string&)>;

class GuardedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, const OnFailure& on_failure)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), on_failure_(on_failure) {}

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Guarded(target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Guarded(target()->Fsync(options, debug));
  }

 private:
  IOStatus Guarded(IOStatus status) {
    if (!status.ok()) on_failure_("sync of " + name_ + " failed: " + status.ToString());
    return status;
  }

  std::string name_;
  const OnFailure& on_failure_;
};

class GuardedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  GuardedDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string name, const OnFailure& on_failure)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), on_failure_(on_failure) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Guarded(FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& directory_options) override {
    return Guarded(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options));
  }

 private:
  IOStatus Guarded(IOStatus status) {
    if (!status.ok()) on_failure_("sync of the folder " + name_ + " failed: " + status.ToString());
    return status;
  }

  std::string name_;
  const OnFailure& on_failure_;
};

// Stands for a write-ahead log that could not be made, and takes nothing.
class MissingFile : public rocksdb::FSWritableFile {
 public:
  explicit MissingFile(IOStatus why) : why_(std::move(why)) {}

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice&, const IOOptions&, IODebugContext*) override { return why_; }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return why_; }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return why_; }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return 0; }  // pure from RocksDB 9 on

 private:
  const IOStatus why_;
};

class GuardedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  GuardedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& files, OnFailure on_failure)
      : FileSystemWrapper(files), on_failure_(std::move(on_failure)) {}

  const char* Name() const override { return "MonitorSyncGuard"; }

  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    IOStatus made = target()->NewWritableFile(name, options, result, debug);
    if (!made.ok() && name.ends_with(".log")) {
      *result = std::make_unique<MissingFile>(std::move(made));
      return IOStatus::OK();
    }
    return Guard(std::move(made), name, result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    return Guard(target()->ReopenWritableFile(name, options, result, debug), name, result);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    return Guard(target()->ReuseWritableFile(name, old_name, options, result, debug), name, result);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<GuardedDirectory>(std::move(*result), name, on_failure_);
    return status;
  }

 private:
  IOStatus Guard(IOStatus status, const std::string& name, std::unique_ptr<rocksdb::FSWritableFile>* result) {
    if (status.ok()) *result = std::make_unique<GuardedFile>(std::move(*result), name, on_failure_);
    return status;
  }

  OnFailure on_failure_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> GuardSyncs(std::shared_ptr<rocksdb::FileSystem> files,
                                                std::function<void(const std::string&)> on_sync_failure) {
  return std::make_shared<GuardedFileSystem>(std::move(files), std::move(on_sync_failure));
}

}  // namespace monitor
