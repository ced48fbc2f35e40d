// What every subcommand needs: the common options, the admin API, and how a command ends. For the main thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_client.h"

namespace CLI {
class App;
}

namespace monitor::ctl {

// Exit codes (interfaces.md section 1).
constexpr int kDone = 0;
constexpr int kNo = 1;  // invalid, damaged, not found, not reachable
constexpr int kUsage = 2;

struct CommonOptions {
  std::string admin_url = "http://127.0.0.1:8081";
  std::string token_file = "./data/admin.token";
  bool json = false;
};

// The whole program: reads its arguments, runs the command, gives the exit code.
int RunCommandLine(int argc, const char* const* argv);

// Set by the command that ran.
struct CommandLine {
  CommonOptions common;
  int exit_code = kDone;
};

// True once Ctrl-C or SIGTERM came; long commands look at it and end cleanly.
bool Interrupted();
void WatchInterrupts();

// Calls of the admin API. The token is MONITOR_ADMIN_TOKEN, else the token file's content.
class AdminApi {
 public:
  explicit AdminApi(const CommonOptions& options) : options_(options) {}

  struct Call {
    std::string method = "GET";
    std::string path;  // with query, encoded
    std::string body;
    std::vector<std::string> headers;
    long timeout_ms = 30'000;
  };
  // The answer if its status is 2xx; else one sentence for the operator: the server's message, or why there is none.
  std::expected<HttpAnswer, std::string> Do(const Call& call);
  // The same with every status given back.
  std::expected<HttpAnswer, std::string> Ask(const Call& call);

 private:
  std::expected<std::string, std::string> Token() const;

  const CommonOptions& options_;
  HttpClient client_;
};

// "message (status/internalCode)" of an error body, the status alone if it is none; and where the token comes from, if
// it is refused.
std::string ErrorText(const HttpAnswer& answer);

// Prints "monitorctl: SENTENCE" on stderr; gives kNo.
int Refuse(std::string_view sentence);

// How far a long command is, on stderr where that is a terminal.
void Progress(const char* what, std::uint64_t events);
void EndProgress();

// The file's bytes, of `-` standard input's.
std::expected<std::string, std::string> ReadInput(const std::string& path);

void AddLogCommands(CLI::App& app, CommandLine& line);      // log, session, position, drain
void AddAccountCommands(CLI::App& app, CommandLine& line);  // account …
void AddPrivacyCommands(CLI::App& app, CommandLine& line);  // visitor, identity, audit
void AddStoreCommands(CLI::App& app, CommandLine& line);    // log verify|stats|repair (after AddLogCommands), replay
void AddExportCommand(CLI::App& app, CommandLine& line);    // log export (after AddLogCommands)
void AddFunnelCommands(CLI::App& app, CommandLine& line);   // funnel, funnel rebuild
void AddBackupCommands(CLI::App& app, CommandLine& line);   // backup, restore
void AddTokenCommand(CLI::App& app, CommandLine& line);     // token new
void AddDemoCommand(CLI::App& app, CommandLine& line);      // demo

}  // namespace monitor::ctl
