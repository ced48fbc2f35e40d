#include "consumers/peers/peer.h"

#include <utility>

#include "domain/values/json.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxAnswerBytes = 32 << 20;  // as long as the longest answer that is made of them
constexpr std::size_t kMaxIdle = 4;                // connections that are kept

// What an error of the API says (http-api.md section 1).
std::string MessageOf(const std::string& body) {
  const auto error = json::Document::Parse(body);
  const json::Value* message = error && error->root().is_object() ? error->root().Find("message") : nullptr;
  return message ? std::string(message->text()) : std::string();
}

}  // namespace

std::unique_ptr<HttpClient> Peer::TakeClient() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<HttpClient>();
  auto client = std::move(idle_.back());
  idle_.pop_back();
  return client;
}

std::expected<std::string, std::string> Peer::Ask(const Asking& asking) {
  auto client = TakeClient();
  client->StopWhen(asking.abandoned);
  HttpRequest request{.method = asking.body.empty() ? "GET" : "POST", .url = url_ + asking.target, .headers = {}};
  request.body = asking.body;
  request.max_body_bytes = kMaxAnswerBytes;
  request.timeout_ms = static_cast<long>(asking.patience.count());
  if (!asking.body.empty()) request.headers.emplace_back("Content-Type: application/octet-stream");
  if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
  auto answer = client->Send(request);
  if (!answer) return std::unexpected("does not answer: " + answer.error());
  client->StopWhen({});
  {
    std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(client));
  }
  if (answer->status == 200) return std::move(answer->body);
  return std::unexpected("answers with status " + std::to_string(answer->status) + ": " + MessageOf(answer->body));
}

std::string Peer::Fault() const {
  std::lock_guard lock(mutex_);
  return fault_;
}

void Peer::Tell(const std::string& fault) {
  std::lock_guard lock(mutex_);
  if (!fault.empty() && fault_.empty()) log::Warning("peer_unavailable", {{"peer", url_}, {"detail", fault}});
  if (fault.empty() && !fault_.empty()) log::Info("peer_available", {{"peer", url_}});
  fault_ = fault;
}

}  // namespace monitor
