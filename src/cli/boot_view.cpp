#include "cli/boot_view.h"

#include <algorithm>
#include <utility>

#include "base/cells.h"
#include "base/text.h"

namespace bootsman {

namespace {

constexpr std::size_t kNameMax = 24;
constexpr std::size_t kBarMin = 16;
constexpr std::size_t kBarInAPipe = 32;

struct BootRow {
  std::string unit;
  std::string state;  ///< Empty: it is still on its way.
  std::string after;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

struct BootRows {
  std::vector<BootRow> rows;
  std::int64_t end = 1;  ///< Milliseconds; at least 1, so that one can divide by it.
};

BootRows rows_of(const Value& boot) {
  BootRows all;
  all.end = std::max<std::int64_t>(boot.get_int("done_ms", 0), 1);
  const Value* units = boot.find("units");
  if (units == nullptr || units->array() == nullptr) return all;
  for (const Value& unit : *units->array()) {
    BootRow row{printable(unit.get_string("unit")), printable(unit.get_string("state")),
                printable(unit.get_string("after")), unit.get_int("from_ms", 0),
                unit.get_int("to_ms", 0)};
    row.to = std::max(row.from, row.to);
    all.end = std::max(all.end, row.to);
    all.rows.push_back(std::move(row));
  }
  return all;
}

std::string said(std::int64_t milliseconds) {
  return say_duration(Millis{milliseconds});
}

std::string summary(const Value& boot, const BootRows& all) {
  const auto done = boot.get_int("done_ms", -1);
  return (done < 0 ? "the boot is not done after " + said(all.end)
                   : "boot done in " + said(done)) +
         ": " + std::to_string(all.rows.size()) + " units were started";
}

/// What a person asks for first: why it took so long. Each unit is followed to the one it waited
/// for, from the one that was ready last.
std::string longest_chain(const BootRows& all) {
  // Of two that ended in one millisecond the one that began later.
  const auto last = std::ranges::max_element(
      all.rows, {}, [](const BootRow& row) { return std::pair(row.to, row.from); });
  std::string text;
  auto at = last;
  for (std::size_t i = 0; i < all.rows.size() && at != all.rows.end(); ++i) {
    text += (i == 0 ? "" : ", after ") + at->unit + " (" + said(at->to - at->from) + ")";
    at = std::ranges::find(all.rows, at->after, &BootRow::unit);
  }
  return text;
}

std::string bar_of(const BootRow& row, std::int64_t end, std::size_t width) {
  const auto column = [&](std::int64_t at) {
    return static_cast<std::size_t>(at * static_cast<std::int64_t>(width) / end);
  };
  const std::size_t from = std::min(column(row.from), width - 1);
  const std::size_t to = std::clamp(column(row.to), from + 1, width);
  return padded(std::string(from, ' ') + std::string(to - from, '#'), width);
}

std::string remark(const BootRow& row) {
  std::string text = row.state == "ready" || row.state == "done" ? ""
                     : row.state.empty()                         ? "not ready yet"
                                                                 : row.state;
  if (!row.after.empty()) text += (text.empty() ? "after " : ", after ") + row.after;
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&' || c == '"')
      out += "&#" + std::to_string(c) + ";";
    else
      out += c;
  }
  return out;
}

std::string_view fill_of(const std::string& state) {
  if (state == "ready") return "#2e7d32";
  if (state == "done") return "#5b7fa6";
  if (state == "skipped") return "#9aa5ad";
  if (state.empty()) return "#b0891e";
  return "#c0392b";
}

}  // namespace

std::string boot_table(const Value& boot, std::size_t width) {
  const BootRows all = rows_of(boot);
  std::string text = summary(boot, all) + "\n";
  if (all.rows.empty()) return text;
  const auto name_of = [&](const BootRow& row) {
    return width > 0 ? cut_middle(row.unit, kNameMax) : row.unit;
  };
  std::size_t names = 4;
  for (const BootRow& row : all.rows) names = std::max(names, display_width(name_of(row)));
  constexpr std::size_t kTimes = 2 * 9;
  // A third of what is left is for the remarks.
  const std::size_t rest = width > names + kTimes + 4 ? width - names - kTimes - 4 : 0;
  const std::size_t bar = width > 0 ? std::max(kBarMin, rest * 2 / 3) : kBarInAPipe;
  const auto line = [&](const std::string& unit, const std::string& from, const std::string& took,
                        const std::string& drawn, const std::string& after) {
    std::string whole = padded(unit, names) + "  " + padded(from, 9) + padded(took, 9) +
                        padded(drawn, bar) + "  " + after;
    while (whole.ends_with(' ')) whole.pop_back();
    return (width > 0 ? cut_to_width(whole, width) : whole) + "\n";
  };
  const std::string end = said(all.end);
  text += line("UNIT", "FROM", "TOOK", padded("0", bar - std::min(bar, end.size())) + end, "");
  for (const BootRow& row : all.rows)
    text += line(name_of(row), said(row.from), said(row.to - row.from),
                 bar_of(row, all.end, bar), remark(row));
  return text + wrapped("The last one: " + longest_chain(all), width, "  ");
}

std::string boot_svg(const Value& boot) {
  constexpr std::int64_t kLeft = 220, kBar = 620, kRow = 22, kTop = 40;
  const BootRows all = rows_of(boot);
  const auto height = kTop + kRow * static_cast<std::int64_t>(all.rows.size()) + 14;
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1100\" height=\"" +
                    number(height) + "\" font-family=\"sans-serif\" font-size=\"13\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
                    "<text x=\"10\" y=\"22\" font-size=\"15\">" +
                    escaped(summary(boot, all)) + "</text>\n";
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const BootRow& row = all.rows[i];
    const auto top = kTop + kRow * static_cast<std::int64_t>(i);
    const auto x = kLeft + row.from * kBar / all.end;
    const auto width = std::max<std::int64_t>((row.to - row.from) * kBar / all.end, 2);
    const std::string took = said(row.to - row.from);
    const std::string more = remark(row);
    const std::string base = number(top + 14);
    svg += "<g><title>" + escaped(row.unit + ": " + took + " from " + said(row.from) +
                                  (more.empty() ? "" : ", " + more)) +
           "</title><text x=\"" + number(kLeft - 10) + "\" y=\"" + base +
           "\" text-anchor=\"end\">" + escaped(row.unit) + "</text><rect x=\"" + number(x) +
           "\" y=\"" + number(top + 2) + "\" width=\"" + number(width) +
           "\" height=\"15\" rx=\"2\" fill=\"" + std::string(fill_of(row.state)) +
           "\"/><text x=\"" + number(x + width + 6) + "\" y=\"" + base + "\" fill=\"#555\">" +
           escaped(took + (more.empty() ? "" : ", " + more)) + "</text></g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace bootsman
