#include "helper/hook_task.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "helper/command.h"
#include "helper/web_handle.h"

namespace bootsman {
namespace {

constexpr Millis kProgramTime{10'000};
constexpr Millis kPostTime{15'000};
constexpr int kTries = 4;
constexpr int kFirstPauseMs = 500;

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> all;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view variable = *at;
    const auto end = variable.find('=');
    if (end != variable.npos)
      all[std::string(variable.substr(0, end))] = variable.substr(end + 1);
  }
  return all;
}

/// Empty: it was told.
std::string run_program(const std::string& program, const std::string& text) {
  CommandLine command;
  command.argv = {program};
  command.input = text + "\n";
  command.timeout = kProgramTime;
  command.to_log = true;
  const auto event = parse_json(text);
  if (!event) return "";
  for (const auto& [name, key] : {std::pair{"BOOTSMAN_EVENT", "event"},
                                  {"BOOTSMAN_UNIT", "unit"},
                                  {"BOOTSMAN_WHY", "why"}})
    command.env.push_back({name, event->get_string(key)});
  const auto output = run_command(command, own_environment());
  if (!output) return output.error().message();
  if (output->timed_out) return program + " was killed: it took longer than 10 s";
  return output->status.success() ? "" : program + ": " + describe(output->status);
}

std::size_t forget(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One try. Empty: it was told; `again` says whether another try may help.
std::string post(const Value& request, const std::string& text, bool& again) {
  again = false;
  WebAccess access;
  access.ca_file = request.get_string("ca_file");
  access.insecure = request.get_bool("insecure", false);
  access.max_redirects = 0;
  auto web = WebHandle::open(request.get_string("url"), access);
  if (!web) return web.error().message();
  std::unique_ptr<curl_slist, FreeHeaders> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"));
  const std::string bearer = request.get_string("bearer");
  if (!bearer.empty())
    curl_slist_append(headers.get(), ("Authorization: Bearer " + bearer).c_str());
  curl_easy_setopt(web->get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(web->get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
  curl_easy_setopt(web->get(), CURLOPT_POSTFIELDS, text.c_str());
  curl_easy_setopt(web->get(), CURLOPT_WRITEFUNCTION, forget);
  const auto status = web->perform(kPostTime);
  if (!status) {
    again = status.error().away;
    return status.error().message;
  }
  again = is_passing_status(*status);
  return *status >= 200 && *status < 300 ? "" : "it answers " + std::to_string(*status);
}

std::string post_and_again(const Value& request, const std::string& text) {
  for (int tried = 1;; ++tried) {
    bool again = false;
    const std::string wrong = post(request, text, again);
    if (wrong.empty()) return "";
    if (!again || tried == kTries)
      return "cannot tell " + shown_url(request.get_string("url")) + ": " + wrong +
             (tried > 1 ? " (" + std::to_string(tried) + " tries)" : "");
    ::poll(nullptr, 0, kFirstPauseMs << (tried - 1));
  }
}

}  // namespace

void tell_events(const Value& request, Channel& channel) {
  const auto say = [&](std::string_view who, const std::string& wrong) {
    if (wrong.empty()) return;
    Value answer;
    answer.set("say", std::string(who) + wrong);
    channel.answer(answer);
  };
  for (const std::string& text : request.get_strings("events")) {
    if (!request.get_string("url").empty()) say("webhook: ", post_and_again(request, text));
    for (const std::string& program : request.get_strings("programs"))
      say("hooks: ", run_program(program, text));
  }
}

}  // namespace bootsman
