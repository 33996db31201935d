#include "wire/reply_stream.h"

#include <llhttp.h>

#include <algorithm>
#include <utility>

#include "base/letter_case.h"
#include "wire/piece_joiner.h"

namespace bootsman {

struct ReplyReader::Impl {
  enum class Part : std::uint8_t { Head, Body, Over };

  explicit Impl(bool head_request) : to_head(head_request) {
    static const llhttp_settings_t kTable = settings();
    llhttp_init(&parser, HTTP_RESPONSE, &kTable);
    llhttp_set_lenient_headers(&parser, 1);
    llhttp_set_lenient_optional_cr_before_lf(&parser, 1);
    llhttp_set_lenient_optional_lf_after_cr(&parser, 1);
    // An interim answer may say "Connection: close"; behind the last one nothing is read.
    llhttp_set_lenient_keep_alive(&parser, 1);
    parser.data = this;
  }

  static llhttp_settings_t settings();
  static Impl& of(llhttp_t* p) { return *static_cast<Impl*>(p->data); }
  template <auto Member>
  static int append(llhttp_t* p, const char* at, std::size_t size) noexcept;
  static int header_complete(llhttp_t* p) noexcept;
  static int body(llhttp_t* p, const char* at, std::size_t size) noexcept;

  ReplyStep next(std::string_view& bytes);
  ReplyStep head_over();
  std::string wrong_head() const;
  bool has(std::string_view wanted) const;
  ReplyBroken broken(llhttp_errno_t error);

  const bool to_head;
  llhttp_t parser;
  Part part = Part::Head;
  std::size_t used = 0;
  bool head_complete = false;
  bool complete = false;
  std::string name, value;
  ReplyHead head;
  PieceJoiner pieces;
  std::optional<ReplyBroken> mistake;  ///< Told after what came before it.
};

// Nothing may be thrown through the library: what fails becomes HPE_USER.
template <auto Member>
int ReplyReader::Impl::append(llhttp_t* p, const char* at, std::size_t size) noexcept {
  try {
    if (of(p).part == Part::Head) (of(p).*Member).append(at, size);
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

int ReplyReader::Impl::header_complete(llhttp_t* p) noexcept {
  auto& self = of(p);
  try {
    if (self.part == Part::Head) {
      while (!self.value.empty() && (self.value.back() == ' ' || self.value.back() == '\t'))
        self.value.pop_back();
      self.head.headers.push_back({std::exchange(self.name, {}), std::exchange(self.value, {})});
    }
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

int ReplyReader::Impl::body(llhttp_t* p, const char* at, std::size_t size) noexcept {
  auto& self = of(p);
  try {
    self.pieces.add({at, size});
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

llhttp_settings_t ReplyReader::Impl::settings() {
  llhttp_settings_t table;
  llhttp_settings_init(&table);
  table.on_status = [](llhttp_t* p, const char* at, std::size_t size) {
    try {
      of(p).head.reason.append(at, size);
    } catch (...) {
      return static_cast<int>(HPE_USER);
    }
    return static_cast<int>(HPE_OK);
  };
  table.on_header_field = &append<&Impl::name>;
  table.on_header_value = &append<&Impl::value>;
  table.on_header_value_complete = &header_complete;
  table.on_headers_complete = [](llhttp_t* p) {
    of(p).head_complete = true;
    return static_cast<int>(HPE_PAUSED);
  };
  table.on_body = &body;
  table.on_message_complete = [](llhttp_t* p) {
    of(p).complete = true;
    return static_cast<int>(HPE_PAUSED);
  };
  return table;
}

ReplyBroken ReplyReader::Impl::broken(llhttp_errno_t error) {
  const char* reason = llhttp_get_error_reason(&parser);
  return ReplyBroken{reason != nullptr && *reason != '\0' ? reason : llhttp_errno_name(error)};
}

bool ReplyReader::Impl::has(std::string_view wanted) const {
  return std::ranges::any_of(
      head.headers, [&](const Header& header) { return same_word(header.name, wanted); });
}

/// What can't be written anew for the client; empty when nothing is wrong.
std::string ReplyReader::Impl::wrong_head() const {
  if (head.status < 100) return "it has no status of HTTP";
  // The library reads on after the head of most, but not of all interim answers.
  if (head.is_interim() && (has("transfer-encoding") ||
                             (has("content-length") && parser.content_length > 0)))
    return "an interim answer has a body";
  for (const Header& header : head.headers)
    if (same_word(header.name, "transfer-encoding") && !same_word(header.value, "chunked") &&
        !same_word(header.value, "identity"))
      return "it has another Transfer-Encoding than chunked";
  return {};
}

ReplyStep ReplyReader::Impl::head_over() {
  head_complete = false;
  head.status = llhttp_get_status_code(&parser);
  if (auto wrong = wrong_head(); !wrong.empty()) {
    part = Part::Over;
    return ReplyBroken{std::move(wrong)};
  }
  if (has("content-length") && !has("transfer-encoding")) {
    head.content_length = parser.content_length;
  }
  const bool interim = head.is_interim();
  head.has_body = !(to_head || head.status < 200 || head.status == 204 || head.status == 304);
  auto done = std::exchange(head, ReplyHead{});
  if (!interim) part = Part::Body;
  if (!interim && !done.has_body) complete = true;
  return done;
}

ReplyStep ReplyReader::Impl::next(std::string_view& bytes) {
  pieces.begin();
  bool resumed = part == Part::Body;
  while (part != Part::Over) {
    if (mistake) {
      part = Part::Over;
      return *mistake;
    }
    if (complete && part == Part::Body) {
      part = Part::Over;
      return ReplyEnd{};
    }
    if (bytes.empty() && !resumed) return NeedMore{};
    resumed = false;
    if (part == Part::Head && used >= kHeadMax) {
      part = Part::Over;
      return ReplyBroken{"the head of its answer is longer than 256 KiB"};
    }
    const auto size = part == Part::Head ? std::min(bytes.size(), kHeadMax - used) : bytes.size();
    const auto error = llhttp_execute(&parser, bytes.data(), size);
    const auto taken = error == HPE_OK
                           ? size
                           : static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
    bytes.remove_prefix(std::min(taken, bytes.size()));
    if (part == Part::Head) used += taken;
    if (error == HPE_PAUSED) {
      llhttp_resume(&parser);
      if (head_complete) {
        parser.upgrade = 0;
        return head_over();
      }
      if (part == Part::Head) complete = false;  // Of an interim answer.
      resumed = !complete;
    } else if (error != HPE_OK) {
      mistake = broken(error);
    }
    if (!pieces.empty()) return BodyPiece{pieces.take()};
  }
  return ReplyEnd{};
}

ReplyReader::ReplyReader(bool to_head_request) : impl_(std::make_unique<Impl>(to_head_request)) {}
ReplyReader::~ReplyReader() = default;

ReplyStep ReplyReader::next(std::string_view& bytes) {
  return impl_->next(bytes);
}

ReplyStep ReplyReader::ended() {
  auto& self = *impl_;
  if (self.part == Impl::Part::Over) return ReplyEnd{};
  if (self.part == Impl::Part::Head) return ReplyBroken{"it closed the connection unanswered"};
  if (self.complete || llhttp_finish(&self.parser) == HPE_OK || self.complete) {
    self.part = Impl::Part::Over;
    return ReplyEnd{};
  }
  return ReplyBroken{"it closed the connection in the middle of its answer"};
}

}  // namespace bootsman
