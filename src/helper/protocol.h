#pragma once

#include <cstddef>
#include <string_view>

namespace bootsman {

// How PID 1 and its helpers talk. A helper is the init's own image, executed again through the
// descriptor that PID 1 holds open since its start, as `bootsman helper NAME`. Its descriptor 3 is
// one end of a socketpair (stream). PID 1 writes ONE line of JSON, the request, and shuts its
// writing side down. The helper answers with lines of JSON, each of at most kLineMax bytes, then
// exits 0. Its stdout and stderr are the init's log. A helper that exits otherwise, or says nothing
// until its deadline, has failed: all that it has not answered counts as failed.
//
// `helper steps`   applies built-in steps in order.
//   request  {"steps":[{"id":"step.motd","type":"motd","when":"once","settings":{…}}…],
//             "env":{NAME:VALUE…}, "secrets":{NAME:VALUE…}}
//   answers  {"id":"step.motd","result":"changed|unchanged|skipped|failed","why":"sentence"}
//                                 when a step is over; with "unused":true nobody asked for it
//            {"id":…,"say":"sentence","severity":"info|warning"}   a line for the init's log
//            {"id":…,"env":{NAME:VALUE…}}    variables that the init imports (step profile)
//            {"id":…,"wipe":[NAME…]}         secrets that PID 1 may forget now
//            {"id":…,"needs_ms":60000}       what is started now may take so long
// `helper conditions`   looks for files.
//   request
//   {"ask":[{"id":"service.sshd","if_exists":[…],"if_not_exists":[…],"path":"/usr/bin:…"}…]}
//            and for a mount "target":"/workdir","job":[…]: the job's command
//   answers  {"id":"service.sshd","holds":false,"why":"/usr/sbin/sshd does not exist"}
// `helper probe-file`   one file check.
//   request  {"path":"/x"}      answer  {"ok":true}
// `helper doctor`   looks at the container once the boot is done (plan/doctor_request.h).
//   request  {"units":[{"kind":2,"name":"x","program":"/x","path":"/usr/bin:…"}…],"env":{…},
//             "timeout":9000,"drain":0}
//   answer   {"say":"sentence","severity":"info|warning"}, or none when there is nothing to say
// `helper fetch`   brings one file up to date with a URL (helper/transfer.h).
//   request  {"url":"https://…","path":"/x"}, and where they differ from the defaults "sha256",
//            "insecure", "ca_file", "memory", "mode", "max_size", "tries", "max_redirects", and in
//            milliseconds "timeout", "stall", "connect", "backoff". With "text":true the answer has
//            the file's text, and where its folder is refused the file is kept nowhere.
//   answer   {"ok":true,"changed":true,"sha256":"…","stale":"","text":"…"} or
//   {"ok":false,"why":"cannot …"}
// `helper hook`   tells programs, or a server, of events (helper/hook_task.h).
//   request  {"events":[TEXT…],"programs":[PATH…]}, or "url", "bearer", "ca_file", "insecure"
//   answers  {"say":"sentence"} for each that could not be told
// `helper log-file`     writes a unit's lines, which come by its stdin, to a file.
//   request  {"path":"/var/log/x.log","size":BYTES,"count":FILES}
//   No answers. It lives as long as the init; SIGHUP puts the file aside.
// `helper uncover`   takes the covers off folders that were mounts' targets before a reload.
//   request  {"targets":["/workdir"…]}      No answers.
// `helper read-config`   reads the configuration as the init would, to see that no file hangs.
//   request  {"path":"/x.toml","command_line":[…],"overlay":"…"}
//   answers  {"reading":"/x.toml"}         each path, before it is looked up
// `helper last-words`   writes the termination message where it may hang (shell/what_may_hang.h).
//   request  {"path":"/mnt/why","text":"…"}      No answers.
// `helper mount`   one run of a mount unit: lives as long as the mount does, as the unit's process.
//   PID 1's side stays open. SIGTERM asks it to unmount and end. It exits 0 when it was asked to.
//   request  {"type":0,"target":"/workdir","source":"s3://b/p","read_only":false,"options":[…],
//             "argv":[…],"stop_ms":10000,"secret":…,"secret_file":…,"s3":{…}}, one line
//   then     {"probe":7}          asks whether the mount answers
//   answers  {"probe":7,"ok":false,"why":"…","ms":12,"cache":4096}   may come late, or never
//            {"say":"sentence","severity":"info|warning"}
//            {"end":"cannot mount …","hopeless":true}                  last: why it ends unasked

inline constexpr int kHelperFd = 3;
inline constexpr std::size_t kHelperLineMax = 1024 * 1024;

/// Runs the helper NAME in this process and returns its exit code. Called from main only.
int helper_main(std::string_view name);

}  // namespace bootsman
