#include "domain/events/event_privacy.h"

#include <algorithm>

#include "domain/values/address.h"

namespace monitor {
namespace {

using json::Value;
using json::Writer;

std::optional<std::string> OpenMember(const Value* holder, const FieldCipher& cipher) {
  const Value* sealed = holder == nullptr ? nullptr : holder->Find("enc");
  return sealed == nullptr ? std::nullopt : cipher.Open(sealed->text());
}

// `fields` with the members of `originals` instead of its own of the same name.
void WriteMerged(Writer& writer, const Value& fields, std::string_view originals) {
  auto document = json::Document::Parse(originals, kEventDataLimits);
  writer.BeginObject();
  for (const json::Member& member : fields.members()) {
    const Value* original = document ? document->root().Find(member.name) : nullptr;
    writer.Key(member.name).Copy(original != nullptr ? *original : member.value);
  }
  writer.EndObject();
}

void WriteAttributes(Writer& writer, const Value& attributes, const FieldCipher& cipher) {
  writer.BeginArray();
  for (const Value& attribute : attributes.items()) {
    const Value* type_text = attribute.Find("type");
    auto type = type_text == nullptr ? std::nullopt : ParseAttributeType(type_text->text());
    auto opened = type && IsSealed(*type) ? OpenMember(&attribute, cipher) : std::nullopt;
    opened ? writer.Raw(*opened) : writer.Copy(attribute);
  }
  writer.EndArray();
}

}  // namespace

std::string OpenSealedFields(std::string_view json, const FieldCipher& cipher) {
  auto document = json::Document::Parse(json, kEventDataLimits);
  if (!document) return std::string(json);
  const Value& data = document->root();
  auto entry_points = OpenMember(data.Find("entryPointsEnc"), cipher);
  auto client_properties = OpenMember(data.Find("clientPropertiesEnc"), cipher);
  std::string out;
  out.reserve(json.size());
  Writer writer(out);
  writer.BeginObject();
  for (const auto& [name, value] : data.members()) {
    if ((name == "entryPointsEnc" && entry_points) || (name == "clientPropertiesEnc" && client_properties)) continue;
    writer.Key(name);
    if (name == "entryPoints" && entry_points) {
      writer.Raw(*entry_points);
    } else if (name == "clientProperties" && client_properties) {
      WriteMerged(writer, value, *client_properties);
    } else if (name == "engagementAttributes") {
      WriteAttributes(writer, value, cipher);
    } else if (auto opened = name == "identities" || name == "identity" ? OpenMember(&value, cipher) : std::nullopt) {
      writer.Raw(*opened);
    } else if (auto agent = name == "userAgent" ? OpenMember(&value, cipher) : std::nullopt) {
      writer.String(*agent);
    } else {
      writer.Copy(value);
    }
  }
  writer.EndObject();
  return out;
}

std::string TruncateAddress(std::string_view text) {
  std::optional<Address> address = ParseAddress(text);
  if (!address) return {};
  std::fill(address->begin() + (IsIpv4(*address) ? 15 : 6), address->end(), 0);
  return FormatAddress(*address);
}

}  // namespace monitor
