// One HTTP connection that is kept; curl/ is named in http_client.cpp only. Not thread-safe: one a thread.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace monitor {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;        // "Name: value"
  std::string body;                        // sent unless the method is GET or DELETE
  std::string ca_file;                     // "" = the system's authorities
  bool proxy_protocol = false;             // a connection begins with PROXY protocol, naming this end
  std::size_t max_body_bytes = 256 << 20;  // of the answer; a larger one is an error
  long timeout_ms = 30'000;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer is a success; the error is one sentence why there was none.
  std::expected<HttpAnswer, std::string> Send(const HttpRequest& request);

  // Asked now and then while waiting; true gives up.
  void StopWhen(std::function<bool()> stop) { stop_ = std::move(stop); }

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::function<bool()> stop_;
};

// For a path segment or a query value.
std::string PercentEncode(std::string_view text);

}  // namespace monitor
