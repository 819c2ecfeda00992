//===- UsageError.h - What is wrong with a command line ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_USAGEERROR_H
#define MOEC_FRONTEND_DRIVER_USAGEERROR_H

#include "frontend/parser/Suggest.h"
#include "runtime/base/Text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

namespace moec::driver {

/// The command that the words name, as far as they do, and how it is called.
inline const CLI::App *findCommand(const CLI::App &app, const std::vector<std::string> &words,
                                   std::string &name) {
  const CLI::App *command = &app;
  for (const std::string &word : words) {
    std::vector<const CLI::App *> next =
        command->get_subcommands([&](const CLI::App *child) { return child->get_name() == word; });
    if (next.empty())
      break;
    command = next.front();
    name += " " + word;
  }
  return command;
}

/// CLI11's own words, but for an option that is there too often: it counts values.
inline std::string describeOption(const CLI::ParseError &error,
                                  const std::vector<std::string> &words) {
  std::string text = error.what(), option = text.substr(0, text.find(':'));
  auto isOption = [&](const std::string &word) {
    return word == option || word.starts_with(option + "=");
  };
  auto count = std::count_if(words.begin(), words.end(), isOption);
  if (!dynamic_cast<const CLI::ArgumentMismatch *>(&error) || count < 2)
    return text;
  return rt::concat(option, ": wanted once, found ", count, " times");
}

/// One line: what was wanted, what was found, where to look. CLI11 asks for a
/// subcommand before it looks at the word that is none.
inline std::string describeUsageError(const CLI::App &app, const CLI::ParseError &error,
                                      const std::vector<std::string> &words) {
  std::string name = "moec";
  const CLI::App *command = findCommand(app, words, name);
  std::string help = "; see '" + name + " --help'";
  std::vector<std::string> names;
  for (const CLI::App *child : command->get_subcommands([](const CLI::App *) { return true; }))
    names.push_back(child->get_name());
  std::vector<std::string_view> commands(names.begin(), names.end());
  if (!commands.empty()) {
    size_t depth = std::count(name.begin(), name.end(), ' ');
    if (words.size() <= depth)
      return "wanted " + frontend::listOf(commands) + ", found nothing" + help;
    const std::string &word = words[depth];
    std::string meant = frontend::nearest(word, commands);
    return (word.starts_with("-") ? "unknown option " : "unknown subcommand ") + rt::quote(word) +
           (meant.empty() ? "" : ", did you mean '" + meant + "'?") + help;
  }
  std::vector<std::string> extra = app.remaining(/*recurse=*/true);
  if (extra.empty())
    return describeOption(error, words) + help;
  auto option = std::find_if(extra.begin(), extra.end(),
                             [](const std::string &word) { return word.starts_with("-"); });
  return option == extra.end() ? "wanted nothing more, found " + rt::quote(extra[0]) + help
                               : "unknown option " + rt::quote(*option) + help;
}

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_USAGEERROR_H
