#include "domain/account/document_diff.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace monitor {
namespace {

using json::Value;

// One of a list, as a person calls it.
constexpr std::pair<std::string_view, std::string_view> kNouns[] = {
    {"appInstallations", "app installation"},
    {"campaigns", "campaign"},
    {"conditions", "condition"},
    {"engagements", "engagement"},
    {"goals", "goal"},
    {"onsiteLocations", "onsite location"},
    {"schedules", "schedule"},
    {"shifts", "shift"},
    {"skills", "skill"},
    {"specialOccasions", "special occasion"},
    {"steps", "step"},
    {"visitorBehaviors", "visitor behavior"},
    {"visitorProfiles", "visitor profile"},
};

std::string NounOf(const std::string& list) {
  const auto* found = std::ranges::find(kNouns, list, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kNouns) ? list : std::string(found->second);
}

std::string Print(const Value* value) {
  std::string text;
  if (value) json::Writer(text).Copy(*value);
  return text;
}

// As written: here a null is a value, it takes a limit away.
const Value* MemberOf(const Value& object, std::string_view name) {
  for (const json::Member& member : object.members()) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

bool HasIds(const Value& list) {
  return std::ranges::all_of(list.items(), [](const Value& item) { return item.is_object() && item.Find("id"); });
}

bool IsListOfObjects(const Value& list) {
  return list.is_array() && std::ranges::all_of(list.items(), [](const Value& item) { return item.is_object(); });
}

// Of entries with the same id the first.
std::unordered_map<std::string_view, const Value*> ById(const Value& list) {
  std::unordered_map<std::string_view, const Value*> entries;
  for (const Value& item : list.items()) entries.try_emplace(item.Find("id")->text(), &item);
  return entries;
}

// Where in the document: for programs, and in words.
struct Place {
  std::string path;
  std::string entries;  // `campaign 41 "Sales", engagement 4101 "Button"`
  std::string members;  // below the last entry: "controlGroup.percentage"

  Place Member(std::string_view name) const {
    auto below = [&](const std::string& above) {
      return above.empty() ? std::string(name) : above + "." + std::string(name);
    };
    return {below(path), entries, below(members)};
  }
  // One of the list that this place is.
  Place Entry(const std::string& index, const std::string& title) const {
    const std::string entry = NounOf(members) + " " + title;
    return {path + "[" + index + "]", entries.empty() ? entry : entries + ", " + entry, {}};
  }
  std::string Words() const {
    if (entries.empty() || members.empty()) return entries + members;
    return entries + ": " + members;
  }
};

// `4101 "Button on every page"`
std::string TitleOf(const Value& entry) {
  std::string title(entry.Find("id")->text());
  const Value* name = entry.Find("name");
  if (name && name->is_string() && !name->text().empty()) title += " " + Print(name);
  return title;
}

// Items of `list` that `other` has fewer of, as JSON.
std::string Missing(const Value& list, const Value& other) {
  std::unordered_map<std::string, std::size_t> rest;
  for (const Value& item : other.items()) ++rest[Print(&item)];
  std::string missing;
  for (const Value& item : list.items()) {
    const std::string text = Print(&item);
    const auto same = rest.find(text);
    if (same != rest.end() && same->second > 0) {
      --same->second;
    } else {
      missing += (missing.empty() ? "" : ", ") + text;
    }
  }
  return missing;
}

class Comparison {
 public:
  void Compare(const Place& place, const Value* before, const Value* after) {
    if (Print(before) == Print(after)) return;
    if (before && after && before->is_object() && after->is_object()) return CompareMembers(place, *before, *after);
    if (!before || !after || !before->is_array() || !after->is_array()) return Note(place, before, after);
    if (HasIds(*before) && HasIds(*after)) return CompareById(place, *before, *after);
    if (IsListOfObjects(*before) && IsListOfObjects(*after)) return CompareByPlace(place, *before, *after);
    CompareAsSets(place, *before, *after);
  }

  std::vector<Difference> Take() { return std::move(out_); }

 private:
  void Add(const Place& place, const Value* before, const Value* after, const std::string& what) {
    out_.push_back({place.path, Print(before), Print(after), place.Words() + ": " + what});
  }

  void Note(const Place& place, const Value* before, const Value* after) {
    const std::string was = before ? Print(before) : "not set", is = after ? Print(after) : "not set";
    Add(place, before, after, was + " -> " + is);
  }

  void CompareMembers(const Place& place, const Value& before, const Value& after) {
    for (const json::Member& member : before.members()) {
      Compare(place.Member(member.name), &member.value, MemberOf(after, member.name));
    }
    for (const json::Member& member : after.members()) {
      if (!MemberOf(before, member.name)) Compare(place.Member(member.name), nullptr, &member.value);
    }
  }

  void CompareById(const Place& place, const Value& before, const Value& after) {
    const std::size_t known = out_.size();
    auto place_of = [&](const Value& entry) {
      return place.Entry("id " + std::string(entry.Find("id")->text()), TitleOf(entry));
    };
    const auto known_before = ById(before), known_after = ById(after);
    for (const Value& was : before.items()) {
      const auto is = known_after.find(was.Find("id")->text());
      is != known_after.end() ? Compare(place_of(was), &was, is->second) : Add(place_of(was), &was, nullptr, "removed");
    }
    for (const Value& is : after.items()) {
      if (!known_before.contains(is.Find("id")->text())) Add(place_of(is), nullptr, &is, "added");
    }
    if (out_.size() == known) Add(place, &before, &after, "in another order");
  }

  // What is the same at both ends stays out of it, so that one more at the beginning is one difference.
  void CompareByPlace(const Place& place, const Value& before, const Value& after) {
    auto same = [&](std::size_t i, std::size_t j) { return Print(&before.items()[i]) == Print(&after.items()[j]); };
    std::size_t first = 0, was_end = before.items().size(), is_end = after.items().size();
    while (first < was_end && first < is_end && same(first, first)) ++first;
    while (first < was_end && first < is_end && same(was_end - 1, is_end - 1)) --was_end, --is_end;
    for (std::size_t i = first; i < std::max(was_end, is_end); ++i) {
      const Place here = place.Entry(std::to_string(i), std::to_string(i + 1));
      const Value* was = i < was_end ? &before.items()[i] : nullptr;
      const Value* is = i < is_end ? &after.items()[i] : nullptr;
      if (was && is) {
        Compare(here, was, is);
      } else {
        Add(here, was, is, was ? "removed " + Print(was) : "added " + Print(is));
      }
    }
  }

  void CompareAsSets(const Place& place, const Value& before, const Value& after) {
    const std::string added = Missing(after, before), removed = Missing(before, after);
    std::string what = added.empty() ? "" : "added " + added;
    if (!removed.empty()) what += (what.empty() ? "removed " : "; removed ") + removed;
    Add(place, &before, &after, what.empty() ? "in another order" : what);
  }

  std::vector<Difference> out_;
};

}  // namespace

std::vector<Difference> DiffDocuments(const Value& before, const Value& after) {
  Comparison comparison;
  comparison.Compare({}, &before, &after);
  return comparison.Take();
}

void WriteDifference(const Difference& difference, json::Writer& object) {
  object.Key("path").String(difference.path);
  for (const auto& [name, value] : {std::pair("before", &difference.before), std::pair("after", &difference.after)}) {
    value->empty() ? object.Key(name).Null() : object.Key(name).Raw(*value);
  }
}

}  // namespace monitor
