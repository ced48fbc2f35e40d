// What changed between two JSON documents, as lines a person reads: objects in lists are matched by their `id`.
#pragma once

#include <string>
#include <vector>

#include "domain/json.h"

namespace monitor::ctl {

struct Difference {
  std::string path;    // "campaigns[id 41].engagements[id 4101].weight"
  std::string before;  // JSON; empty: not there
  std::string after;
};

std::vector<Difference> DiffDocuments(const json::Value& before, const json::Value& after);

}  // namespace monitor::ctl
