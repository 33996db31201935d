#include "wire/http_reply.h"

#include <llhttp.h>

#include <algorithm>
#include <utility>

namespace bootsman {

struct ReplyParser::Impl {
  explicit Impl(std::string text)
      : wanted(std::move(text)), body(wanted.empty() ? Body::Found : Body::Open) {
    static const llhttp_settings_t kTable = settings();
    llhttp_init(&parser, HTTP_RESPONSE, &kTable);
    parser.data = this;
    llhttp_set_lenient_headers(&parser, 1);
    llhttp_set_lenient_optional_cr_before_lf(&parser, 1);
    llhttp_set_lenient_optional_lf_after_cr(&parser, 1);
  }
  static llhttp_settings_t settings() {
    llhttp_settings_t table;
    llhttp_settings_init(&table);
    table.on_headers_complete = [](llhttp_t* p) {
      const int code = llhttp_get_status_code(p);
      if (code < 200) return static_cast<int>(HPE_OK);
      auto& self = *static_cast<Impl*>(p->data);
      self.status = code;
      return static_cast<int>(self.wanted.empty() ? HPE_PAUSED : HPE_OK);
    };
    table.on_body = [](llhttp_t* p, const char* at, std::size_t length) {
      static_cast<Impl*>(p->data)->look_at({at, length});
      return static_cast<int>(HPE_OK);
    };
    table.on_message_complete = [](llhttp_t* p) {
      auto& self = *static_cast<Impl*>(p->data);
      if (self.status && self.body == Body::Open) self.body = Body::Lacking;
      return static_cast<int>(self.status ? HPE_PAUSED : HPE_OK);
    };
    return table;
  }

  /// Keeps of what was seen only what a match may still begin in.
  void look_at(std::string_view bytes) {
    if (!status || body != Body::Open) return;
    bytes = bytes.substr(0, kBodyMax - looked);
    looked += bytes.size();
    tail.append(bytes);
    if (tail.find(wanted) != tail.npos) {
      body = Body::Found;
    } else if (looked == kBodyMax) {
      body = Body::Lacking;
    } else if (tail.size() >= wanted.size()) {
      tail.erase(0, tail.size() - (wanted.size() - 1));
    }
  }

  llhttp_t parser;
  std::size_t used = 0;  ///< Of the head.
  std::optional<int> status;
  std::string wanted;
  std::string tail;
  std::size_t looked = 0;
  Body body;
};

ReplyParser::ReplyParser(std::string wanted) : impl_(std::make_unique<Impl>(std::move(wanted))) {}
ReplyParser::~ReplyParser() = default;

Result<std::optional<int>> ReplyParser::feed(std::string_view bytes) {
  const bool head = !impl_->status;
  const auto size = head ? std::min(bytes.size(), kHeadMax - impl_->used) : bytes.size();
  const auto error = llhttp_execute(&impl_->parser, bytes.data(), size);
  // A body that is no good says no more.
  if (impl_->status && error != HPE_OK && impl_->body == Body::Open) impl_->body = Body::Lacking;
  const auto rest = bytes.substr(size);
  if (impl_->status && impl_->body == Body::Open && !rest.empty()) return feed(rest);
  if (impl_->status) return impl_->status;
  impl_->used += size;
  if (error != HPE_OK) {
    const char* reason = llhttp_get_error_reason(&impl_->parser);
    return fail(reason != nullptr ? reason : llhttp_errno_name(error));
  }
  if (impl_->used == kHeadMax) return fail("its head is longer than 64 KiB");
  return std::nullopt;
}

ReplyParser::Body ReplyParser::body() const {
  return impl_->body;
}

}  // namespace bootsman
