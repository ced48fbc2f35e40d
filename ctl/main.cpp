// monitorctl, the operator's tool (interfaces.md section 1).
#include "ctl/command.h"

int main(int argc, char** argv) { return monitor::ctl::RunCommandLine(argc, argv); }
