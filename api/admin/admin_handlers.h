// What the admin API's routes answer (interfaces.md section 2), each a function over the parts. Thread-safe.
#pragma once

#include "api/admin/admin.h"

namespace monitor::admin {

struct AdminCall {
  const http::Request& request;
  http::Arguments arguments;
  http::Query query;
  std::string by;  // the token's name
  const AdminOptions& options;
  AdminWaiting& waiting;

  AccountId account() const { return AccountId(arguments[0]); }
};

// admin_accounts.cpp
http::Reply ListAccounts(const AdminParts& parts, const AdminCall& call);
http::Reply GetAccount(const AdminParts& parts, const AdminCall& call);
http::Reply PutAccount(const AdminParts& parts, const AdminCall& call);
http::Reply RemoveAccount(const AdminParts& parts, const AdminCall& call);
http::Reply Explain(const AdminParts& parts, const AdminCall& call);
http::Reply ListSkills(const AdminParts& parts, const AdminCall& call);
http::Reply PutSkill(const AdminParts& parts, const AdminCall& call);
// admin_documents.cpp
http::Reply ValidateDocument(const AdminParts& parts, const AdminCall& call);
http::Reply ListRevisions(const AdminParts& parts, const AdminCall& call);
http::Reply GetRevision(const AdminParts& parts, const AdminCall& call);
http::Reply ListChanges(const AdminParts& parts, const AdminCall& call);
http::Reply CompareDocument(const AdminParts& parts, const AdminCall& call);
// admin_console.cpp
http::Reply ConsoleMoved(const AdminParts& parts, const AdminCall& call);
http::Reply ConsoleFile(const AdminParts& parts, const AdminCall& call);
// admin_audit.cpp
http::Reply GetAudit(const AdminParts& parts, const AdminCall& call);
// admin_backup.cpp
http::Reply MakeBackup(const AdminParts& parts, const AdminCall& call);
// admin_what_if.cpp
http::Reply AskWhatIf(const AdminParts& parts, const AdminCall& call);
// admin_visitors.cpp
http::Reply StartConversation(const AdminParts& parts, const AdminCall& call);
http::Reply EndConversation(const AdminParts& parts, const AdminCall& call);
http::Reply PutAbandonScore(const AdminParts& parts, const AdminCall& call);
http::Reply GetVisitor(const AdminParts& parts, const AdminCall& call);
http::Reply EraseVisitor(const AdminParts& parts, const AdminCall& call);
http::Reply GetSessionEvents(const AdminParts& parts, const AdminCall& call);
http::Reply FindIdentity(const AdminParts& parts, const AdminCall& call);
http::Reply EraseIdentity(const AdminParts& parts, const AdminCall& call);
// admin_log.cpp
http::Reply GetLog(const AdminParts& parts, const AdminCall& call);
http::Reply GetPosition(const AdminParts& parts, const AdminCall& call);

}  // namespace monitor::admin
