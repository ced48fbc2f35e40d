#include "raw_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

namespace monitor::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBytes = 700;  // an activity-reported

class AppendFile {
 public:
  explicit AppendFile(const std::string& folder)
      : path_(folder + "/raw"),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::runtime_error(path_ + " can not be made");
  }
  ~AppendFile() {
    ::close(file_);
    ::unlink(path_.c_str());
  }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void Append(const std::string& block) const {
    if (::write(file_, block.data(), block.size()) < 0 || ::fdatasync(file_) != 0) {
      throw std::runtime_error(path_ + " can not be written");
    }
  }

 private:
  std::string path_;
  int file_;
};

}  // namespace

void AppendAndSync(const std::string& folder, std::chrono::duration<double> time, std::vector<float>& took_us) {
  const AppendFile file(folder);
  const std::string block(kBytes, 'x');
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
  for (auto now = Clock::now(); now < end;) {
    file.Append(block);
    const auto after = Clock::now();
    took_us.push_back(std::chrono::duration<float, std::micro>(after - now).count());
    now = after;
  }
}

}  // namespace monitor::bench
