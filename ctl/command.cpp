#include "ctl/command.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "domain/values/json.h"

namespace monitor::ctl {
namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

bool Interrupted() { return interrupted != 0; }

void WatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND;  // the second one ends the program at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::expected<std::string, std::string> AdminApi::Token() const {
  if (const char* token = std::getenv("MONITOR_ADMIN_TOKEN"); token != nullptr && *token != '\0') return token;
  auto text = ReadInput(options_.token_file);
  if (!text) {
    return std::unexpected("no admin token: " + text.error() + "; name it with --token-file or MONITOR_ADMIN_TOKEN");
  }
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->back()))) text->pop_back();
  return text;
}

std::expected<HttpAnswer, std::string> AdminApi::Ask(const Call& call) {
  auto token = Token();
  if (!token) return std::unexpected(token.error());
  client_.StopWhen(Interrupted);
  HttpRequest request{.method = call.method, .url = options_.admin_url + call.path};
  request.headers = call.headers;
  request.headers.push_back("Authorization: Bearer " + *token);
  request.body = call.body;
  request.timeout_ms = call.timeout_ms;
  auto answer = client_.Send(request);
  if (!answer) return std::unexpected("no answer from " + options_.admin_url + ": " + answer.error());
  return answer;
}

std::expected<HttpAnswer, std::string> AdminApi::Do(const Call& call) {
  auto answer = Ask(call);
  if (!answer) return answer;
  if (answer->status / 100 != 2) return std::unexpected(ErrorText(*answer));
  return answer;
}

std::string ErrorText(const HttpAnswer& answer) {
  auto document = json::Document::Parse(answer.body);
  const json::Value* message = document ? document->root().Find("message") : nullptr;
  const json::Value* code = document ? document->root().Find("internalCode") : nullptr;
  std::string text = message ? std::string(message->text()) : "the server answered";
  text += " (" + std::to_string(answer.status);
  if (code) text.append("/").append(code->text());
  return text + (answer.status == 401 || answer.status == 403 ? "); see --token-file" : ")");
}

int Refuse(std::string_view sentence) {
  std::fprintf(stderr, "monitorctl: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return kNo;
}

void Progress(const char* what, std::uint64_t events) {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r%s: %llu events", what, static_cast<unsigned long long>(events));
}

void EndProgress() {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
}

std::expected<std::string, std::string> ReadInput(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(path + " cannot be read");
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return std::unexpected(path + " cannot be read");
  return text;
}

}  // namespace monitor::ctl
