// Account documents in the admin API: those that come in a request to be judged by, and replies that hold one.
// Thread-safe.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "api/admin/admin_handlers.h"
#include "domain/account/account.h"
#include "domain/values/json.h"

namespace monitor::admin {

// Of a body that holds a document as a field: the document's own limits (ParseAccount), one level deeper.
inline constexpr json::Limits kDocumentFieldLimits{.max_depth = 65, .max_nodes = 2'000'010};

// The field `document` of such a body, which must be this account's. The error is the 400 of a `PUT`.
std::expected<std::shared_ptr<const Account>, http::Reply> ReadDocument(const json::Value& document,
                                                                        const AccountId& account);

// The one in force, or the one that is refused, to be mended and put again; nullopt: there is neither.
std::optional<std::string> CurrentDocument(const Accounts& accounts, const AccountId& id);

// `{"revision"}` with its ETag.
http::Reply RevisionReply(const Revision& revision, int status);
// The document as it was given, with its ETag.
http::Reply DocumentReply(std::string document, const Revision& revision);

}  // namespace monitor::admin
