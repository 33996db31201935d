#pragma once

#include <string>

#include "logs/last_words.h"
#include "logs/ring.h"
#include "plan/plan.h"
#include "wire/http.h"

namespace bootsman {

/// What `/-/logs` shows. Borrows all.
struct PageLogs {
  const Plan& plan;
  const LogRing& ring;
  const std::string& token;    ///< Not empty.
  const SecretMarks& secrets;  ///< Their values are masked.
};

/// The latest lines of all units as text, "unit | line", in the order of their coming; "?unit=ID"
/// those of one. Only for who brings the token, as a bearer or as the password of the user
/// "bootsman"; else 401.
Response page_logs(const Request& request, const PageLogs& logs);

}  // namespace bootsman
