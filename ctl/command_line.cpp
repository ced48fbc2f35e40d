#include <CLI/CLI.hpp>

#include "ctl/command.h"

namespace monitor::ctl {

int RunCommandLine(int argc, const char* const* argv) {
  CLI::App app("monitorctl – looks into a Monitor API node and tells it what to do.", "monitorctl");
  CommandLine line;
  app.set_version_flag("--version", "monitorctl " MONITOR_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--admin", line.common.admin_url, "Address of monitord's admin API")->capture_default_str();
  app.add_option("--token-file", line.common.token_file,
                 "File with the admin token; MONITOR_ADMIN_TOKEN in the environment counts more")
      ->capture_default_str();
  app.add_flag("--json", line.common.json, "Print JSON, for programs");
  AddLogCommands(app, line);
  AddAccountCommands(app, line);
  AddPrivacyCommands(app, line);
  AddStoreCommands(app, line);
  AddExportCommand(app, line);
  AddFunnelCommands(app, line);
  AddBackupCommands(app, line);
  AddTokenCommand(app, line);
  AddDemoCommand(app, line);
  app.footer("Exit codes: 0 done, 1 no (invalid, damaged, not found, not reachable), 2 usage.");
  WatchInterrupts();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  } catch (const std::exception& error) {
    return Refuse(error.what());
  }
  return line.exit_code;
}

}  // namespace monitor::ctl
