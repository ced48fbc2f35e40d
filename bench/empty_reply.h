// What a handler that does nothing answers: as large as the answer to an engagement request.
#pragma once

namespace monitor::bench {

constexpr char kEmptyReply[] =
    R"({"sessionId":"f2c4e1a09b7d4c55a3f0c1d2e3b4a596","visitorId":"8a1f0c22d9e74b0f9a5b6c7d8e9f0a1b","pageId":"5959334327",)"
    R"("engagementDetails":[{"campaignId":41,"engagementId":4101,"engagementRevision":7,"contextId":"1","windowId":"77",)"
    R"("language":"en-US","status":"expose"}]})";

}  // namespace monitor::bench
