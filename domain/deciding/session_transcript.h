// What a session said, word for word: for the sibling resources (http-api.md section 7) and for nothing that decides.
// A fold over the session's events, made when it is asked for. Pure.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "domain/events/event.h"

namespace monitor {

struct SessionTranscript {
  struct Page {
    PageId id;
    std::vector<std::string> entry_points;      // of all its requests, without doubles, in order
    std::unordered_set<std::string> said = {};  // the same, to look up
  };

  std::string user_agent;
  std::string client_properties_json;                        // the newest sent
  std::vector<Page> pages;                                   // by first appearance
  std::unordered_map<PageId, std::size_t> page_places = {};  // in pages
  std::vector<Attribute> attributes;                         // in order
};

void Evolve(SessionTranscript& transcript, const Event& event);

}  // namespace monitor
