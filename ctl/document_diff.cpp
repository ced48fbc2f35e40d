#include "ctl/document_diff.h"

namespace monitor::ctl {
namespace {

std::string Print(const json::Value* value) {
  std::string text;
  if (value) json::Writer(text).Copy(*value);
  return text;
}

// As written: here a null is a value, it takes a limit away.
const json::Value* MemberOf(const json::Value& object, std::string_view name) {
  for (const json::Member& member : object.members()) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

bool HasIds(const json::Value& list) {
  for (const json::Value& item : list.items()) {
    if (!item.is_object() || !item.Find("id")) return false;
  }
  return !list.items().empty();
}

const json::Value* FindById(const json::Value& list, std::string_view id) {
  for (const json::Value& item : list.items()) {
    const json::Value* own = item.Find("id");
    if (own && own->text() == id) return &item;
  }
  return nullptr;
}

void Diff(const std::string& path, const json::Value* before, const json::Value* after, std::vector<Difference>& out);

void DiffMembers(const std::string& path, const json::Value& before, const json::Value& after,
                 std::vector<Difference>& out) {
  auto name_of = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  for (const json::Member& member : before.members()) {
    Diff(name_of(member.name), &member.value, MemberOf(after, member.name), out);
  }
  for (const json::Member& member : after.members()) {
    if (!MemberOf(before, member.name)) Diff(name_of(member.name), nullptr, &member.value, out);
  }
}

void DiffById(const std::string& path, const json::Value& before, const json::Value& after,
              std::vector<Difference>& out) {
  for (const json::Value& item : before.items()) {
    const std::string id(item.Find("id")->text());
    Diff(path + "[id " + id + "]", &item, FindById(after, id), out);
  }
  for (const json::Value& item : after.items()) {
    const std::string id(item.Find("id")->text());
    if (!FindById(before, id)) Diff(path + "[id " + id + "]", nullptr, &item, out);
  }
}

void Diff(const std::string& path, const json::Value* before, const json::Value* after, std::vector<Difference>& out) {
  if (before && after && before->is_object() && after->is_object()) return DiffMembers(path, *before, *after, out);
  if (before && after && before->is_array() && after->is_array() && HasIds(*before) && HasIds(*after)) {
    return DiffById(path, *before, *after, out);
  }
  std::string was = Print(before), is = Print(after);
  if (was != is) out.push_back({path, std::move(was), std::move(is)});
}

}  // namespace

std::vector<Difference> DiffDocuments(const json::Value& before, const json::Value& after) {
  std::vector<Difference> out;
  Diff("", &before, &after, out);
  return out;
}

}  // namespace monitor::ctl
