// Asks funneld's query API (interfaces.md section 3). Blocks for the answer; one a thread.
#pragma once

#include <expected>
#include <string>

#include "server/http_client.h"

namespace monitor::ctl {

struct FunneldAddress {
  std::string url = "http://127.0.0.1:8090";
  std::string token_file;  // of its http.read_token_file; empty: no token is sent
};

class Funneld {
 public:
  explicit Funneld(FunneldAddress address) : address_(std::move(address)) {}

  // The body of a 200 to a GET; else one sentence for the operator. `path` with query, encoded.
  std::expected<std::string, std::string> Get(const std::string& path);

 private:
  const FunneldAddress address_;
  HttpClient client_;
};

}  // namespace monitor::ctl
