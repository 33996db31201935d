#include "wire/http_reply.h"

#include <llhttp.h>

#include <algorithm>
#include <string>

namespace bootsman {

struct ReplyParser::Impl {
  Impl() {
    static const llhttp_settings_t kTable = settings();
    llhttp_init(&parser, HTTP_RESPONSE, &kTable);
    llhttp_set_lenient_headers(&parser, 1);
    llhttp_set_lenient_optional_cr_before_lf(&parser, 1);
    llhttp_set_lenient_optional_lf_after_cr(&parser, 1);
  }
  static llhttp_settings_t settings() {
    llhttp_settings_t table;
    llhttp_settings_init(&table);
    table.on_headers_complete = [](llhttp_t* p) {
      const bool interim = llhttp_get_status_code(p) < 200;
      return static_cast<int>(interim ? HPE_OK : HPE_PAUSED);
    };
    return table;
  }

  llhttp_t parser;
  std::size_t used = 0;
};

ReplyParser::ReplyParser() : impl_(std::make_unique<Impl>()) {}
ReplyParser::~ReplyParser() = default;

Result<std::optional<int>> ReplyParser::feed(std::string_view bytes) {
  const auto size = std::min(bytes.size(), kHeadMax - impl_->used);
  const auto error = llhttp_execute(&impl_->parser, bytes.data(), size);
  impl_->used += size;
  if (error == HPE_PAUSED) return llhttp_get_status_code(&impl_->parser);
  if (error != HPE_OK) {
    const char* reason = llhttp_get_error_reason(&impl_->parser);
    return fail(reason != nullptr ? reason : llhttp_errno_name(error));
  }
  if (impl_->used == kHeadMax) return fail("its head is longer than 64 KiB");
  return std::nullopt;
}

}  // namespace bootsman
