#include "base/capabilities.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace bootsman {
namespace {

// capabilities(7), in the order of the kernel's numbers (linux/capability.h).
constexpr std::array<std::string_view, 41> kNames{"CHOWN",
                                                  "DAC_OVERRIDE",
                                                  "DAC_READ_SEARCH",
                                                  "FOWNER",
                                                  "FSETID",
                                                  "KILL",
                                                  "SETGID",
                                                  "SETUID",
                                                  "SETPCAP",
                                                  "LINUX_IMMUTABLE",
                                                  "NET_BIND_SERVICE",
                                                  "NET_BROADCAST",
                                                  "NET_ADMIN",
                                                  "NET_RAW",
                                                  "IPC_LOCK",
                                                  "IPC_OWNER",
                                                  "SYS_MODULE",
                                                  "SYS_RAWIO",
                                                  "SYS_CHROOT",
                                                  "SYS_PTRACE",
                                                  "SYS_PACCT",
                                                  "SYS_ADMIN",
                                                  "SYS_BOOT",
                                                  "SYS_NICE",
                                                  "SYS_RESOURCE",
                                                  "SYS_TIME",
                                                  "SYS_TTY_CONFIG",
                                                  "MKNOD",
                                                  "LEASE",
                                                  "AUDIT_WRITE",
                                                  "AUDIT_CONTROL",
                                                  "SETFCAP",
                                                  "MAC_OVERRIDE",
                                                  "MAC_ADMIN",
                                                  "SYSLOG",
                                                  "WAKE_ALARM",
                                                  "BLOCK_SUSPEND",
                                                  "AUDIT_READ",
                                                  "PERFMON",
                                                  "BPF",
                                                  "CHECKPOINT_RESTORE"};

}  // namespace

Result<int> parse_capability(std::string_view text) {
  std::string whole(text);
  for (char& c : whole)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::string_view name = whole;
  if (name.starts_with("CAP_")) name.remove_prefix(4);
  for (std::size_t number = 0; number < kNames.size(); ++number)
    if (kNames[number] == name) return static_cast<int>(number);
  const std::vector<std::string_view> candidates(kNames.begin(), kNames.end());
  const auto hint = nearest(name, candidates);
  return fail("cannot read the capability \"" + printable(text, 60) + "\": " +
              (hint ? "did you mean \"" + std::string(*hint) + "\"?"
                    : "write a name of capabilities(7), for instance \"NET_BIND_SERVICE\""));
}

std::string capability_name(int number) {
  const auto index = static_cast<std::size_t>(number);
  if (number < 0 || index >= kNames.size()) return "capability " + std::to_string(number);
  return "CAP_" + std::string(kNames[index]);
}

}  // namespace bootsman
