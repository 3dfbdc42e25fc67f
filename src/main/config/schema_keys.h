// How a table of the schema is made from a struct's members.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "main/config/schema.h"
#include "main/config/values.h"

namespace veredus::config {

/// One key of a struct.
template <class Struct>
struct Key {
  std::string_view name;
  std::string_view doc;
  std::string expected;
  std::function<Result<>(Struct&, const toml::node&)> read;
  std::function<std::string(const Struct&)> write;
};

/// `Type` says how the member is written; by default what its own type says.
template <class Type, class Struct, class T>
Key<Struct> key_as(std::string_view name, T Struct::* member, std::string_view doc) {
  return {name, doc, Type::expected(),
          [member](Struct& target, const toml::node& node) -> Result<> {
            auto value = Type::read(node);
            if (!value) return fail(value.error());
            target.*member = static_cast<T>(std::move(*value));
            return {};
          },
          [member](const Struct& source) { return Type::write(source.*member); }};
}

template <class Struct, class T>
Key<Struct> key(std::string_view name, T Struct::* member, std::string_view doc) {
  return key_as<Value<T>>(name, member, doc);
}

/// A key that sets a member of a member.
template <class Struct, class Part, class T>
Key<Struct> key_in(std::string_view name, Part Struct::* part, T Part::* member,
                   std::string_view doc) {
  const Key<Part> inner = key(name, member, doc);
  return {name, doc, inner.expected,
          [inner, part](Struct& target, const toml::node& node) {
            return inner.read(target.*part, node);
          },
          [inner, part](const Struct& source) { return inner.write(source.*part); }};
}

template <class Struct, class T>
Key<Struct> octets(std::string_view name, T Struct::* member, std::string_view doc) {
  return key_as<Octets>(name, member, doc);
}

template <class Struct>
using Keys = std::vector<Key<Struct>>;

template <class Struct>
std::vector<KeyInfo> describe(const Keys<Struct>& keys, const Struct& defaults) {
  std::vector<KeyInfo> info;
  for (const Key<Struct>& key : keys)
    info.push_back({key.name, key.doc, key.expected, key.write(defaults)});
  return info;
}

template <class Struct>
std::vector<std::string> write_keys(const Keys<Struct>& keys, const Struct& source) {
  std::vector<std::string> values;
  for (const Key<Struct>& key : keys) values.push_back(key.write(source));
  return values;
}

template <class Struct>
std::vector<std::string_view> names_of(const Keys<Struct>& keys) {
  std::vector<std::string_view> names;
  for (const Key<Struct>& key : keys) names.push_back(key.name);
  return names;
}

/// `prefix` goes before a key in problems: `queue.`, `domain example.org: `.
template <class Struct>
void read_keys(const Keys<Struct>& keys, const toml::table& table, Struct& target,
               std::string_view prefix, Reader& reader) {
  for (const Key<Struct>& key : keys) {
    const toml::node* node = table.get(key.name);
    if (node == nullptr) continue;
    const std::string path = std::string(prefix) + std::string(key.name);
    reader.note(path, *node);
    const auto done = key.read(target, *node);
    if (!done) reader.complain(*node, path + ": " + done.error().text());
  }
}

/// `[name]`
template <class Struct>
Section table(std::string_view name, std::string_view doc, Struct Config::* member,
              Keys<Struct> keys) {
  Section section{name, doc, false, describe(keys, Config().*member), {}, {}};
  section.write = [keys, member](const Config& config) {
    return Section::Values{write_keys(keys, config.*member)};
  };
  section.read = [keys = std::move(keys), member, name](const toml::node& node, Config& config,
                                                        Reader& reader) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      return reader.complain(node, std::string(name) + ": expected a table, [" + std::string(name) +
                                       "]; found " + found(node));
    reader.check_names(*table, name, names_of(keys));
    read_keys(keys, *table, config.*member, std::string(name) + ".", reader);
  };
  return section;
}

/// One element of `[[title]]`; its first key names it and is required.
template <class Struct>
Struct read_element(const Keys<Struct>& keys, const toml::node& element, const std::string& title,
                    Reader& reader) {
  Struct target;
  const toml::table* table = element.as_table();
  if (table == nullptr) {
    reader.complain(element, title + ": expected a table; found " + found(element));
    return target;
  }
  const toml::node* naming = table->get(keys.front().name);
  if (naming == nullptr)
    reader.complain(element, title + '.' + std::string(keys.front().name) + ": is required");
  const std::string label =
      title + ' ' + (naming == nullptr ? "" : naming->value_or(std::string()));
  reader.note(label, element);
  reader.check_names(*table, title, names_of(keys));
  read_keys(keys, *table, target, label + ": ", reader);
  return target;
}

/// `[[name]]`
template <class Struct>
Section tables(std::string_view name, std::string_view doc, std::vector<Struct> Config::* member,
               Keys<Struct> keys) {
  Section section{name, doc, true, describe(keys, Struct()), {}, {}};
  section.write = [keys, member](const Config& config) {
    Section::Values all;
    for (const Struct& element : config.*member) all.push_back(write_keys(keys, element));
    return all;
  };
  section.read = [keys = std::move(keys), member, name](const toml::node& node, Config& config,
                                                        Reader& reader) {
    const std::string title(name);
    const toml::array* array = node.as_array();
    if (array == nullptr)
      return reader.complain(node, title + ": expected [[" + title + "]]; found " + found(node));
    (config.*member).clear();
    for (const toml::node& element : *array)
      (config.*member).push_back(read_element(keys, element, title, reader));
  };
  return section;
}

}  // namespace veredus::config
