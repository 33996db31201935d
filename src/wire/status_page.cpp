#include "wire/status_page.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/json.h"
#include "base/text.h"
#include "wire/status_page_assets.h"
#include "wire/status_view.h"

namespace bootsman {
namespace {

struct Word {
  std::string_view name, en, zh;
};
constexpr std::array<Word, 41> kWords{{
    {"title", "Container status", "容器状态"},
    {"units", "Units", "单元"},
    {"unit", "Unit", "单元"},
    {"state", "State", "状态"},
    {"since", "Since", "持续"},
    {"restarts", "Restarts", "重启"},
    {"why", "Why", "原因"},
    {"logs", "Output of the units", "单元输出"},
    {"mounts", "Mounts", "挂载"},
    {"mount", "Mount", "挂载"},
    {"target", "On", "挂载点"},
    {"away", "away", "不可用"},
    {"remounts", "Remounts", "重新挂载"},
    {"probe", "Answers in", "响应时间"},
    {"cache", "Cache", "缓存"},
    {"boot", "Boot", "启动过程"},
    {"events", "Latest events", "最近事件"},
    {"usage", "Container", "容器资源"},
    {"memory", "Memory", "内存"},
    {"cpu", "CPU", "CPU"},
    {"is-ready", "ready for requests", "可以接收请求"},
    {"is-not-ready", "not ready for requests", "尚不能接收请求"},
    {"live", "live", "实时更新"},
    {"lost", "no connection; trying again", "连接中断,正在重试"},
    {"still", "as of when the page was loaded", "页面加载时的状态"},
    {"booting", "booting", "启动中"},
    {"up", "up", "运行中"},
    {"stopping", "stopping", "停止中"},
    {"unhealthy", "unhealthy", "不健康"},
    {"idle", "idle", "空闲"},
    {"waiting", "waiting", "等待"},
    {"starting", "starting", "启动中"},
    {"running", "running", "运行中"},
    {"ready", "ready", "就绪"},
    {"stopped", "stopped", "已停止"},
    {"backoff", "backoff", "等待重启"},
    {"done", "done", "完成"},
    {"failed", "failed", "失败"},
    {"blocked", "blocked", "被阻塞"},
    {"skipped", "skipped", "已跳过"},
    {"healthy", "healthy", "健康"},
}};

/// Whether Chinese comes before English in Accept-Language; the order counts, not the weights.
bool wants_chinese(const Request& request) {
  const std::string* accepted = request.header("accept-language");
  if (accepted == nullptr) return false;
  for (const std::string_view range : split(*accepted, ',')) {
    const auto language = trim(range);
    if (language.starts_with("zh") || language.starts_with("ZH")) return true;
    if (language.starts_with("en") || language.starts_with("EN")) return false;
  }
  return false;
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

class Page {
 public:
  Page(const Request& request, const PageView& view, std::string_view nonce)
      : view_(view), nonce_(nonce), chinese_(wants_chinese(request)) {
    base_ = request.path.starts_with("/-/") ? "" : "-/";
  }

  std::string text() {
    const Value all = status_value(view_);
    out_ = "<!DOCTYPE html>\n<html lang=\"" + std::string(chinese_ ? "zh-CN" : "en") +
           "\">\n<head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           say("title") +
           "</title>\n<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n" +
           "<style nonce=\"" + nonce_ + "\">" + std::string(kStatusStyle) +
           "</style></head>\n<body data-events=\"" + base_ + "events\">\n";
    summary(all);
    units(*all.find("units")->array());
    mounts(*all.find("mounts")->array());
    usage(*all.find("usage"));
    boot(*all.find("boot")->array());
    events(*all.find("events")->array());
    script();
    return out_ + "</body>\n</html>\n";
  }

 private:
  std::string say(std::string_view name) const {
    for (const Word& word : kWords)
      if (word.name == name) return std::string(chinese_ ? word.zh : word.en);
    return escaped(name);
  }

  std::string state(const std::string& name, const std::string& id = "") const {
    return "<span" + (id.empty() ? "" : " id=\"" + id + "\"") + " class=\"state " + escaped(name) +
           "\">" + say(name) + "</span>";
  }

  void summary(const Value& all) {
    const std::string whole =
        all.get_bool("healthy", true) ? all.get_string("phase") : std::string("unhealthy");
    out_ += "<h1>" + say("title") + "</h1>\n<p>" + state(whole, "whole") +
            " · <span id=\"ready\">" +
            say(all.get_bool("ready", false) ? "is-ready" : "is-not-ready") +
            "</span> · <span id=\"live\" class=\"soft\">" + say("still") + "</span>" +
            (view_.logs ? " · <a href=\"" + base_ + "logs\">" + say("logs") + "</a>" : "") +
            "</p>\n";
  }

  void begin_table(const std::string& name, std::initializer_list<const char*> columns) {
    out_ += "<table><thead><tr>";
    for (const char* column : columns) out_ += "<th scope=\"col\">" + say(column) + "</th>";
    out_ += "</tr></thead>\n<tbody id=\"" + name + "\">\n";
  }

  std::string cell(const char* column, const std::string& text) const {
    return "<td class=\"number\" data-label=\"" + say(column) + "\">" + escaped(text) + "</td>";
  }

  void units(const Value::Array& all) {
    out_ += "<h2>" + say("units") + "</h2>\n";
    begin_table("units", {"unit", "state", "since", "restarts", "why"});
    for (const Value& unit : all) {
      const std::string health = unit.get_string("health");
      const auto restarts = unit.get_int("restarts", 0);
      out_ += "<tr><td>" + escaped(unit.get_string("id")) + "</td><td>" +
              state(health.empty() ? unit.get_string("state") : health) +
              "</td>" +
              cell("since", say_duration(std::chrono::seconds(unit.get_int("since_s", 0)))) +
              cell("restarts", restarts > 0 ? std::to_string(restarts) : "") +
              "<td data-label=\"" +
              say("why") + "\">" + escaped(unit.get_string("why")) + "</td></tr>\n";
    }
    out_ += "</tbody></table>\n";
  }

  /// Hidden where nothing is mounted: a reload may bring a mount.
  void mounts(const Value::Array& all) {
    out_ += "<section id=\"mounts-part\"" + std::string(all.empty() ? " hidden" : "") + "><h2>" +
            say("mounts") + "</h2>\n";
    begin_table("mounts", {"mount", "target", "state", "remounts", "probe", "cache"});
    for (const Value& mount : all) {
      const auto remounts = mount.get_int("remounts", 0), probe = mount.get_int("probe_ms", -1);
      const auto cache = mount.get_int("cache", 0);
      out_ += "<tr><td>" + escaped(mount.get_string("id")) + "</td>" +
              cell("target", mount.get_string("target")) + "<td>" +
              state(mount.get_bool("up", false) ? "up" : "away") + "</td>" +
              cell("remounts", remounts > 0 ? std::to_string(remounts) : "") +
              cell("probe", probe < 0 ? "" : std::to_string(probe) + " ms") +
              cell("cache", cache > 0 ? say_size(static_cast<std::uint64_t>(cache)) : "") +
              "</tr>\n";
    }
    out_ += "</tbody></table></section>\n";
  }

  void usage(const Value& usage) {
    const auto memory = usage.get_int("memory", 0), limit = usage.get_int("limit", 0);
    std::string now = memory > 0 ? say_size(static_cast<std::uint64_t>(memory)) : "";
    if (limit > 0) now += " / " + say_size(static_cast<std::uint64_t>(limit));
    const auto plot = [this](const std::string& name, const std::string& text) {
      out_ += "<figure><figcaption>" + say(name) + " <span id=\"" + name + "-now\">" +
              escaped(text) +
              "</span></figcaption><svg viewBox=\"0 0 100 40\" preserveAspectRatio=\"none\" "
              "aria-hidden=\"true\"><polyline id=\"" +
              name + "\" points=\"\"/></svg></figure>\n";
    };
    out_ += "<h2>" + say("usage") + "</h2>\n<div class=\"plots\">\n";
    plot("memory", now);
    plot("cpu", "");
    out_ += "</div>\n";
  }

  void boot(const Value::Array& spans) {
    std::int64_t end = 1;
    for (const Value& span : spans) end = std::max(end, span.get_int("to_ms", 0));
    out_ += "<h2>" + say("boot") + "</h2>\n<ol id=\"boot\">\n";
    for (const Value& span : spans) {
      const auto from = span.get_int("from_ms", 0), took = span.get_int("to_ms", 0) - from;
      const std::string how = span.get_string("state");
      out_ += "<li class=\"" + escaped(how.empty() ? "starting" : how) + "\"><span>" +
              escaped(span.get_string("unit")) +
              "</span><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
              "aria-hidden=\"true\"><rect x=\"" +
              std::to_string(1000 * from / end) + "\" y=\"0\" height=\"10\" width=\"" +
              std::to_string(std::max<std::int64_t>(4, 1000 * took / end)) +
              "\"/></svg><span class=\"soft\">" + std::to_string(took) + " ms</span></li>\n";
    }
    out_ += "</ol>\n";
  }

  void events(const Value::Array& all) {
    out_ += "<h2>" + say("events") + "</h2>\n<ol id=\"events\">\n";
    for (auto event = all.rbegin(); event != all.rend(); ++event)
      out_ += "<li>" + escaped(event->get_string("text")) + "</li>\n";
    out_ += "</ol>\n";
  }

  void script() {
    Value words{Value::Object{}};
    for (const Word& word : kWords) words.set(word.name, chinese_ ? word.zh : word.en);
    out_ += "<script type=\"application/json\" id=\"words\" nonce=\"" + nonce_ + "\">" +
            to_json(words) + "</script>\n<script nonce=\"" + nonce_ + "\">" +
            std::string(kStatusScript) + "</script>\n";
  }

  const PageView& view_;
  const std::string nonce_;
  const bool chinese_;
  std::string base_;  ///< From the page to `/-/`.
  std::string out_;
};

}  // namespace

Response status_page(const Request& request, const PageView& view, std::string_view nonce) {
  Response response;
  response.content_type = "text/html; charset=utf-8";
  const std::string bearing = "'nonce-" + std::string(nonce) + "'";
  response.headers = {
      {"Content-Security-Policy", "default-src 'none'; style-src " + bearing + "; script-src " +
                                      bearing +
                                      "; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                      "frame-ancestors 'none'"},
      {"Cache-Control", "no-store"},
      {"Vary", "Accept-Language"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
  };
  response.body = Page(request, view, nonce).text();
  return response;
}

}  // namespace bootsman
