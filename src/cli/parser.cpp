#include "cli/parser.hpp"

#include "base/suggest.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::cli {

namespace {

constexpr auto about = "Holdfast keeps an application's database operations alive.\n\n"
                       "Examples:\n"
                       "  holdfast demo                    64 callers under faults, books checked\n"
                       "  holdfast wait postgresql://app@db/shop --timeout 60s\n"
                       "  holdfast config show --origin    every option, and who said so\n"
                       "  holdfast ping --help             each command explains itself";

/// One command's arguments, kept as text until the whole line is known to be well formed.
class declared final : public arguments {
public:
  explicit declared(CLI::App& app) : app_{app} {}

  void flag(std::string names, bool& out, std::string help) override {
    app_.add_flag(std::move(names), out, std::move(help));
  }
  void value(std::string names, std::string placeholder, reader take, std::string help) override {
    auto& s = slots_.emplace_back();
    auto* o = app_.add_option(std::move(names), s.text, std::move(help));
    s.option = o->type_name(std::move(placeholder));
    s.take = std::move(take);
  }
  void positional(std::string name, bool required, reader take, std::string help) override {
    auto& s = slots_.emplace_back();
    s.option = app_.add_option(std::move(name), s.text, std::move(help));
    s.option->type_name("")->required(required);
    s.take = std::move(take);
  }

  void read_all() const {
    for (const auto& s : slots_) {
      if (s.option->count() == 0) continue;
      if (const auto takes = s.take(s.text))
        throw usage_error(fmt::format("{}: given {}; takes {}", s.option->get_name(),
                                      s.text.empty() ? "nothing" : s.text, *takes));
    }
  }

private:
  struct slot {
    std::string text;
    CLI::Option* option = nullptr;
    reader take;
  };
  CLI::App& app_;
  std::deque<slot> slots_; // the parser keeps addresses
};

struct bound {
  const command_entry* entry;
  CLI::App* app;
  std::unique_ptr<command> what;
  std::unique_ptr<declared> takes;
};

std::string described(const command_entry& e) {
  std::string text{e.summary};
  if (!e.examples.empty()) text += "\n\nExamples:\n" + std::string{e.examples};
  return text;
}

/// In a list of commands only the first line of a description is wanted.
class short_lists final : public CLI::Formatter {
  std::string make_subcommand(const CLI::App* sub) const override {
    const std::string text = sub->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, sub->get_name(), text.substr(0, text.find('\n')),
                             get_column_width());
    return line.str();
  }
};

class command_line {
public:
  command_line() {
    app_.name("holdfast");
    app_.formatter(std::make_shared<short_lists>());
    app_.get_formatter()->column_width(26);
    app_.set_help_flag("-h,--help", "This text");
    app_.add_flag("--version", version_, "Version, compiler and engines");
    app_.add_flag("--json", out_.json, "With --version: as one JSON object");
    for (const auto& entry : commands()) add(entry);
  }

  parsed_line parse(std::vector<std::string> words, std::string& asked) {
    if (words.empty()) return {nullptr, "", app_.help(), exit_usage, {}};
    std::reverse(words.begin(), words.end()); // as the parser wants them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      return {nullptr, "", app_.help(), exit_ok, {}};
    } catch (const CLI::ParseError& e) {
      asked = path_of(innermost());
      throw usage_error(explain(e));
    }
    if (version_) return {nullptr, "", version_text(out_.json), exit_ok, {}};
    return chosen(asked);
  }

private:
  void add(const command_entry& entry) {
    CLI::App* parent = &app_;
    std::string_view name = entry.path;
    if (const auto space = name.find(' '); space != std::string_view::npos) {
      parent = group(std::string{name.substr(0, space)});
      name.remove_prefix(space + 1);
    }
    bound b{&entry, parent->add_subcommand(std::string{name}, described(entry)), entry.make(), {}};
    if (entry.hidden) b.app->group("");
    b.takes = std::make_unique<declared>(*b.app);
    b.what->declare(*b.takes);
    b.takes->flag("--json", out_.json, "One JSON object on standard output");
    b.takes->flag("-q,--quiet", out_.quiet, "No messages but complaints");
    bound_.push_back(std::move(b));
  }

  CLI::App* group(const std::string& name) {
    for (CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; }))
      if (sub->get_name() == name) return sub;
    CLI::App* made =
        app_.add_subcommand(name, name == "config" ? "Check or show a configuration" : name);
    made->require_subcommand(1);
    return made;
  }

  parsed_line chosen(std::string& asked) {
    const CLI::App* at = innermost();
    for (auto& b : bound_) {
      if (b.app != at) continue;
      asked = b.entry->path;
      b.takes->read_all();
      parsed_line line{std::move(b.what), asked, "", exit_ok, out_};
      return line;
    }
    throw usage_error(which_command(visible_commands(&app_)));
  }

  [[nodiscard]] const CLI::App* innermost() const {
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return at;
  }

  static std::string path_of(const CLI::App* at) {
    std::string path;
    for (; at->get_parent() != nullptr; at = at->get_parent()) {
      if (!path.empty()) path.insert(0, " ");
      path.insert(0, at->get_name());
    }
    return path;
  }

  /// What was not understood, and what was perhaps meant.
  [[nodiscard]] std::string explain(const CLI::ParseError& e) const {
    const auto rest = app_.remaining(true);
    const CLI::App* at = innermost();
    const auto dashed = std::ranges::find_if(
        rest, [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); });
    if (dashed != rest.end()) return unknown_option(*dashed, at);
    const auto names = visible_commands(at);
    if (rest.empty()) return names.empty() ? e.what() : which_command(names);
    if (names.empty()) return fmt::format("'{}' is one argument too many", rest.front());
    return unknown_command(rest.front(), names);
  }

  static std::vector<std::string> visible_commands(const CLI::App* at) {
    std::vector<std::string> names;
    for (const CLI::App* sub : at->get_subcommands([](const CLI::App*) { return true; }))
      if (!sub->get_group().empty()) names.push_back(sub->get_name());
    return names;
  }

  static std::string which_command(const std::vector<std::string>& names) {
    return fmt::format("which command? It takes {}", fmt::join(names, ", "));
  }

  static std::string unknown_command(const std::string& word,
                                     const std::vector<std::string>& names) {
    const std::vector<std::string_view> candidates{names.begin(), names.end()};
    return fmt::format("there is no command '{}'{}", word, detail::did_you_mean(word, candidates));
  }

  static std::string unknown_option(std::string word, const CLI::App* at) {
    word = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const CLI::Option* o : at->get_options())
      for (const auto& name : o->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> candidates{names.begin(), names.end()};
    return fmt::format("there is no option {}{}", word, detail::did_you_mean(word, candidates));
  }

  CLI::App app_{about};
  console out_;
  bool version_ = false;
  std::vector<bound> bound_;
};

} // namespace

parsed_line parse(std::vector<std::string> words, std::string& asked) {
  // "holdfast help wait" is as good as "holdfast wait --help".
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  command_line line;
  return line.parse(std::move(words), asked);
}

} // namespace holdfast::cli
