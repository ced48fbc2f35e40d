// What changed between two account documents, as lines a campaign manager reads. Entries of lists are matched by their
// `id`; those without one by what they say, else by their place. Pure.
#pragma once

#include <string>
#include <vector>

#include "domain/values/json.h"

namespace monitor {

struct Difference {
  std::string path;    // for programs: "campaigns[id 41].engagements[id 4101].weight", "…conditions[0].in"
  std::string before;  // JSON; empty: not there
  std::string after;
  std::string text;  // `campaign 41 "Sales", engagement 4101 "Button": weight: not set -> 2`
};

std::vector<Difference> DiffDocuments(const json::Value& before, const json::Value& after);

// The members "path", "before" and "after", `null` for what is not there.
void WriteDifference(const Difference& difference, json::Writer& object);

}  // namespace monitor
