#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.h"
#include "plan/make_plan.h"

// Any bytes are a configuration or a list of complaints about one. The first byte says whether
// variables must have values.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bootsman::ConfigFacts facts;
  facts.must_resolve = data[0] % 2 == 0;
  facts.env = {{"A", "${A}$"}, {"B_FILE", "/b"}};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bootsman::LoadResult loaded = bootsman::load({{"fuzz.toml", std::string(text)}}, facts);
  bootsman::PlanFacts around;
  around.env = facts.env;
  around.passwd = around.group = [text] { return text; };
  const bootsman::PlanResult planned = bootsman::make_plan(loaded.config, around);
  if (loaded.diagnostics.has_errors() || planned.diagnostics.has_errors()) return 0;
  for (std::uint32_t i = 0; i < planned.plan.units.size(); ++i)
    for (const bootsman::UnitIndex before : planned.plan.units[i].after)
      if (before.value >= i) __builtin_trap();
  return 0;
}
