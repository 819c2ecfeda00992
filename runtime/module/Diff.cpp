//===- Diff.cpp - Comparing modules --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The modules are compared as JSON values, so that the paths are those that
// inspectJson() shows and nothing can be forgotten.
//===----------------------------------------------------------------------===//

#include "runtime/module/Inspect.h"
#include "runtime/module/ModuleJson.h"

#include <algorithm>
#include <iterator>

namespace moec::rt {

namespace {

class Differ {
public:
  std::vector<Difference> take() { return std::move(differences); }
  void compare(const std::string &path, const Json &left, const Json &right);

private:
  void compareObjects(const std::string &path, const Json &left, const Json &right);
  void compareLists(const std::string &path, const Json &left, const Json &right);
  void compareTexts(const std::string &path, const std::string &left, const std::string &right);
  void add(const std::string &path, const Json *left, const Json *right) {
    differences.push_back(
        {path, left ? dumpJson(*left, -1) : "", right ? dumpJson(*right, -1) : ""});
  }

  std::vector<Difference> differences;
};

} // namespace

/// The key that names an element of a list, or nothing.
static std::string keyOf(const Json &element) {
  for (const char *key : {"role", "name", "op"})
    if (element.is_object() && element.contains(key))
      return element[key].get<std::string>();
  return "";
}

/// Elements are matched by key when every one has a key of its own, else by place.
static bool isKeyed(const Json &list) {
  std::vector<std::string> keys;
  for (const Json &element : list)
    keys.push_back(keyOf(element));
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) == keys.end() &&
         (keys.empty() || !keys[0].empty());
}

static const Json *find(const Json &list, const std::string &key) {
  for (const Json &element : list)
    if (keyOf(element) == key)
      return &element;
  return nullptr;
}

/// Lists of numbers or texts are compared as one value.
static bool holdsElements(const Json &list) {
  return std::any_of(list.begin(), list.end(),
                     [](const Json &element) { return element.is_structured(); });
}

void Differ::compareObjects(const std::string &path, const Json &left, const Json &right) {
  std::string prefix = path.empty() ? "" : path + ".";
  for (const auto &[key, value] : left.items()) {
    if (right.contains(key))
      compare(prefix + key, value, right[key]);
    else
      add(prefix + key, &value, nullptr);
  }
  for (const auto &[key, value] : right.items())
    if (!left.contains(key))
      add(prefix + key, nullptr, &value);
}

static std::vector<std::string> keysOf(const Json &list, const Json &other) {
  std::vector<std::string> keys;
  for (const Json &element : list)
    if (find(other, keyOf(element)))
      keys.push_back(keyOf(element));
  return keys;
}

/// Sources of other names may be the same files renamed: then the texts are worth
/// comparing.
static bool isRenamed(const std::string &path, const Json &left, const Json &right) {
  if (path != "sources" || left.size() != right.size())
    return false;
  bool isAny = false;
  for (size_t i = 0; i < left.size(); ++i) {
    std::string a = keyOf(left[i]), b = keyOf(right[i]);
    if (a != b && (find(right, a) || find(left, b)))
      return false; // moved, not renamed
    isAny |= a != b;
  }
  return isAny;
}

void Differ::compareLists(const std::string &path, const Json &left, const Json &right) {
  if (!isKeyed(left) || !isKeyed(right) || isRenamed(path, left, right)) {
    for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
      std::string element = concat(path, "[", i, "]");
      if (i < left.size() && i < right.size())
        compare(element, left[i], right[i]);
      else
        add(element, i < left.size() ? &left[i] : nullptr, i < right.size() ? &right[i] : nullptr);
    }
    return;
  }
  for (const Json &element : left) {
    std::string key = keyOf(element);
    if (const Json *other = find(right, key))
      compare(concat(path, "[", key, "]"), element, *other);
    else
      add(concat(path, "[", key, "]"), &element, nullptr);
  }
  for (const Json &element : right)
    if (std::string key = keyOf(element); !find(left, key))
      add(concat(path, "[", key, "]"), nullptr, &element);
  // What both have stands in another order.
  Json leftOrder = keysOf(left, right), rightOrder = keysOf(right, left);
  if (leftOrder != rightOrder)
    add(path + ".order", &leftOrder, &rightOrder);
}

static std::vector<std::string_view> linesOf(const std::string &text) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(std::string_view(text).substr(begin, end - begin));
  lines.push_back(std::string_view(text).substr(begin));
  return lines;
}

/// Texts of several lines: the first that differs is told.
void Differ::compareTexts(const std::string &path, const std::string &left,
                          const std::string &right) {
  std::vector<std::string_view> a = linesOf(left), b = linesOf(right);
  size_t line = 0;
  while (line < a.size() && line < b.size() && a[line] == b[line])
    ++line;
  Json leftLine = line < a.size() ? Json(a[line]) : Json();
  Json rightLine = line < b.size() ? Json(b[line]) : Json();
  add(concat(path, ":", line + 1), leftLine.is_null() ? nullptr : &leftLine,
      rightLine.is_null() ? nullptr : &rightLine);
}

static bool isLongText(const Json &json) {
  return json.is_string() && json.get_ref<const std::string &>().find('\n') != std::string::npos;
}

void Differ::compare(const std::string &path, const Json &left, const Json &right) {
  if (left == right)
    return;
  if (left.is_object() && right.is_object())
    return compareObjects(path, left, right);
  if (left.is_array() && right.is_array() && (holdsElements(left) || holdsElements(right)))
    return compareLists(path, left, right);
  if (left.is_string() && right.is_string() && (isLongText(left) || isLongText(right)))
    return compareTexts(path, left.get_ref<const std::string &>(),
                        right.get_ref<const std::string &>());
  add(path, &left, &right);
}

/// What of a module counts as its content; the file's name does not, and an op's
/// text follows from its other fields.
static Json comparableJson(const Module &module) {
  Json json = moduleJson(module);
  json.erase("file");
  json["format"].erase("bytes");
  for (Json &section : json["sections"]) {
    section.erase("offset");
    section.erase("bytes");
    if (section["known"])
      section.erase("xxh3_128");
  }
  for (Json &op : json["plan"]["ops"])
    op.erase("text");
  for (Json &source : json["sources"]) {
    source.erase("bytes");
    source.erase("xxh3_128");
  }
  return json;
}

std::vector<Difference> diffModules(const Module &left, const Module &right) {
  Differ differ;
  differ.compare("", comparableJson(left), comparableJson(right));
  std::vector<Difference> differences = differ.take();
  if (!differences.empty())
    return differences;
  // The same content may be encoded in two ways, by two versions of the writer.
  Differ bytes;
  bytes.compare("sections", moduleJson(left)["sections"], moduleJson(right)["sections"]);
  return bytes.take();
}

/// A line of a source may be of any length; 80 characters tell which one it is.
static std::string shorten(const Difference &difference, const std::string &value) {
  constexpr size_t shown = 80;
  if (!difference.path.starts_with("sources") || value.size() <= shown)
    return value;
  size_t end = shown;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80)
    --end; // not within a character
  return value.substr(0, end) + "...";
}

static bool isLocationFile(const Difference &difference) {
  return difference.path.starts_with("plan.ops[") && difference.path.ends_with("].location.file");
}

/// One line for the file of all ops' locations where it is the same replacement.
static std::vector<Difference> foldLocations(const std::vector<Difference> &differences) {
  auto first = std::find_if(differences.begin(), differences.end(), isLocationFile);
  bool same = std::all_of(first, differences.end(), [&](const Difference &other) {
    return !isLocationFile(other) || (other.left == first->left && other.right == first->right);
  });
  auto count = std::count_if(first, differences.end(), isLocationFile);
  if (count < 2 || !same)
    return differences;
  std::vector<Difference> folded(differences.begin(), first);
  folded.push_back({"plan.ops[..].location.file", first->left, first->right});
  std::copy_if(first, differences.end(), std::back_inserter(folded),
               [](const Difference &difference) { return !isLocationFile(difference); });
  return folded;
}

std::string diffText(const Module &left, const Module &right,
                     const std::vector<Difference> &differences) {
  if (differences.empty())
    return concat(quote(left.name()), " and ", quote(right.name()), " are identical\n");
  std::string out;
  for (const Difference &difference : foldLocations(differences)) {
    std::string a = shorten(difference, difference.left), b = shorten(difference, difference.right);
    out += difference.path + ": ";
    if (a.empty() || b.empty())
      out += concat("only in ", quote(a.empty() ? right.name() : left.name()), ": ", a, b, "\n");
    else
      out += concat(a, " -> ", b, "\n");
  }
  return out;
}

std::string diffJson(const Module &left, const Module &right,
                     const std::vector<Difference> &differences) {
  Json list = Json::array();
  for (const Difference &difference : differences) {
    // A side that has no such element has no key: null would be a value.
    Json entry = {{"path", difference.path}};
    for (auto [key, text] : {std::pair("left", &difference.left), {"right", &difference.right}})
      if (!text->empty())
        entry[key] = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    list.push_back(std::move(entry));
  }
  return dumpJson({{"left", left.name()},
                   {"right", right.name()},
                   {"identical", differences.empty()},
                   {"differences", std::move(list)}},
                  2) +
         "\n";
}

} // namespace moec::rt
