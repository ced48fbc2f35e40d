#include "ctl/funneld.h"

#include <cctype>
#include <utility>

#include "ctl/command.h"

namespace monitor::ctl {

std::expected<std::string, std::string> Funneld::Get(const std::string& path) {
  HttpRequest request{.url = address_.url + path};
  if (!address_.token_file.empty()) {
    auto token = ReadInput(address_.token_file);
    if (!token) return std::unexpected("no token: " + token.error());
    while (!token->empty() && std::isspace(static_cast<unsigned char>(token->back()))) token->pop_back();
    request.headers.push_back("Authorization: Bearer " + *token);
  }
  auto answer = client_.Send(request);
  if (!answer) return std::unexpected("no answer from " + address_.url + ": " + answer.error());
  if (answer->status == 200) return std::move(answer->body);
  if (answer->status != 401) return std::unexpected(ErrorText(*answer));
  return std::unexpected(address_.token_file.empty() ? "funneld asks for a token; name its file with --token-file"
                                                     : "the token is refused; see --token-file");
}

}  // namespace monitor::ctl
