// The programs that the benchmark puts around what it measures: writers of numbered lines, a reader
// that checks every line, and the floors (the least that any of them could do).
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kLine = 100, kBig = 64 * 1024, kRead = 1024 * 1024 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void die(const char* what) {
  perror(what);
  exit(1);
}

static void write_all(const char* data, size_t size) {
  while (size > 0) {
    ssize_t n = write(1, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die("cannot write");
    data += n;
    size -= (size_t)n;
  }
}

// A line: its number in 12 digits, then filling; 100 bytes with its end.
static void make_line(char* line, unsigned long number) {
  memset(line, '.', kLine);
  char digits[32];
  snprintf(digits, sizeof digits, "%012lu ", number);
  memcpy(line, digits, 13);
  line[kLine - 1] = '\n';
}

static void number_line(char* line, unsigned long number) {
  for (int i = 11; i >= 0; --i, number /= 10) line[i] = (char)('0' + number % 10);
}

// Numbered lines, in writes of 64 KiB or one write for each line.
static int write_lines(const char* mode, unsigned long count) {
  static char buffer[kBig / kLine * kLine];
  const unsigned long batch = strcmp(mode, "lines") == 0 ? 1 : kBig / kLine;
  for (unsigned long i = 0; i < batch; ++i) make_line(buffer + i * kLine, i);
  for (unsigned long done = 0; done < count;) {
    unsigned long now = count - done < batch ? count - done : batch;
    for (unsigned long i = 0; i < now; ++i) number_line(buffer + i * kLine, done + i);
    write_all(buffer, now * kLine);
    done += now;
  }
  return 0;
}

struct Tally {
  unsigned long good, torn;
  unsigned long long sum;  // Of the good lines' numbers.
};

// Whether what stands behind any prefix is a whole line of ours.
static void count_line(struct Tally* tally, const char* line, size_t length) {
  if (length < kLine - 1) {
    // A line of the forwarder itself is none of ours; what has our filling is a piece.
    if (memmem(line, length, "......", 6)) ++tally->torn;
    return;
  }
  const char* ours = line + length - (kLine - 1);
  int good = ours[12] == ' ' && ours[kLine - 2] == '.';
  unsigned long long number = 0;
  for (int i = 0; good && i < 12; ++i) {
    good = ours[i] >= '0' && ours[i] <= '9';
    number = number * 10 + (unsigned long long)(ours[i] - '0');
  }
  // Two lines run into one have filling before the number, or before the second one's prefix.
  if (good && memmem(line, length - (kLine - 1), "......", 6)) good = 0;
  if (good) {
    ++tally->good;
    tally->sum += number;
  } else if (memmem(line, length, "......", 6)) {
    ++tally->torn;
  }
}

// read COUNT: reads until COUNT whole lines or pieces came, says how long that took since the
// first. Who loses lines in the middle of others never gets there: it is not waited for when it has
// been silent for a while.
static int run_read(unsigned long count) {
  static char buffer[kRead + 65536];
  struct Tally tally = {0, 0, 0};
  size_t kept = 0;
  double first = 0, last = 0;
  struct pollfd input = {0, POLLIN, 0};
  while (tally.good + tally.torn < count) {
    if (first != 0 && poll(&input, 1, 5000) == 0) break;
    ssize_t n = read(0, buffer + kept, kRead);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    const double came = last = seconds();
    const char* at = buffer;
    const char* end = buffer + kept + n;
    for (const char* stop; (stop = memchr(at, '\n', (size_t)(end - at))); at = stop + 1)
      count_line(&tally, at, (size_t)(stop - at));
    // The forwarder's own first words do not count.
    if (first == 0 && tally.good + tally.torn > 0) first = came;
    kept = (size_t)(end - at);
    if (kept > 65536) kept = 0;
    memmove(buffer, at, kept);
  }
  printf("{\"lines\": %lu, \"torn\": %lu, \"sum\": %llu, \"seconds\": %.6f}\n", tally.good,
         tally.torn, tally.sum, last - first);
  fflush(stdout);
  // Whoever still writes must not be ended by SIGPIPE before it is measured.
  for (ssize_t n; (n = read(0, buffer, kRead)) != 0;)
    if (n < 0 && errno != EINTR) break;
  return 0;
}

// Tells the benchmark, by its FIFO, that this process runs.
static void tell(const char* fifo, const char* text) {
  int fd = open(fifo, O_WRONLY | O_CLOEXEC);
  if (fd < 0) die("cannot open the FIFO");
  char line[64];
  int length = snprintf(line, sizeof line, "%s %.6f\n", text, seconds());
  if (write(fd, line, (size_t)length) != length) die("cannot write to the FIFO");
  close(fd);
}

// unit FIFO LINES: a unit that writes so many lines, says that it is up, and waits.
static _Noreturn void run_unit(const char* fifo, unsigned long lines) {
  if (lines > 0) write_lines("big", lines);
  tell(fifo, "up");
  for (;;) pause();
}

// write big|lines COUNT UP GO: tells the FIFO UP that it is there, and writes as soon as somebody
// opens the FIFO GO.
static int run_write(const char* mode, unsigned long count, const char* up, const char* go) {
  tell(up, "up");
  if (open(go, O_RDONLY | O_CLOEXEC) < 0) die("cannot open the FIFO");
  return write_lines(mode, count);
}

// exec FIFO PROGRAM …: becomes the program, and says when.
static _Noreturn void run_exec(const char* fifo, char** argv) {
  tell(fifo, "exec");
  execvp(argv[0], argv);
  die(argv[0]);
}

static pid_t spawn(char** argv) {
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(argv[0], argv);
    _exit(127);
  }
  return pid;
}

// floor COUNT PROGRAM …: the least a supervisor can do: starts the program so many times, starts
// again what dies, and at SIGTERM ends them all.
static int run_floor(int count, char** argv) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGCHLD);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  pid_t* units = calloc((size_t)count, sizeof *units);
  for (int i = 0; i < count; ++i) units[i] = spawn(argv);
  int stopping = 0;
  for (int left = count; left > 0;) {
    if (sigwaitinfo(&wanted, NULL) == SIGTERM && !stopping) {
      stopping = 1;
      for (int i = 0; i < count; ++i) kill(units[i], SIGTERM);
    }
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
      for (int i = 0; i < count; ++i) {
        if (units[i] != pid) continue;
        if (stopping)
          --left;
        else
          units[i] = spawn(argv);
      }
    }
  }
  return 0;
}

static void watch(int set, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0) die("cannot watch a descriptor");
}

// With stdout and stderr in pipes, and a third one that tells of the exec by its end.
static pid_t spawn_with_pipes(int set, char** argv) {
  int pipes[3][2];
  for (int i = 0; i < 3; ++i) {
    if (pipe2(pipes[i], O_CLOEXEC) != 0) die("cannot make a pipe");
    fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
    watch(set, pipes[i][0]);
  }
  pid_t pid = vfork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    dup2(pipes[0][1], 1);
    dup2(pipes[1][1], 2);
    execv(argv[0], argv);
    _exit(127);
  }
  for (int i = 0; i < 3; ++i) close(pipes[i][1]);
  return pid;
}

// pipes COUNT PROGRAM …: the same for a supervisor that reads what its units write, though it does
// nothing with it.
static int run_pipes(int count, char** argv) {
  static char text[kBig];
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGCHLD);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  int set = epoll_create1(EPOLL_CLOEXEC);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  watch(set, signals);
  pid_t* units = calloc((size_t)count, sizeof *units);
  for (int i = 0; i < count; ++i) units[i] = spawn_with_pipes(set, argv);
  int stopping = 0, open = 3 * count;
  for (int left = count; left > 0 || open > 0;) {
    struct epoll_event events[1024];
    int ready = epoll_wait(set, events, 1024, -1);
    for (int i = 0; i < ready; ++i) {
      int fd = events[i].data.fd;
      if (fd != signals && read(fd, text, sizeof text) == 0) {
        close(fd);
        --open;
      }
    }
    for (struct signalfd_siginfo got; read(signals, &got, sizeof got) > 0;) {
      if (got.ssi_signo != SIGTERM || stopping) continue;
      stopping = 1;
      for (int i = 0; i < count; ++i) kill(-units[i], SIGTERM);
    }
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
      for (int i = 0; i < count; ++i) {
        if (units[i] != pid) continue;
        if (stopping) {
          --left;
        } else {
          units[i] = spawn_with_pipes(set, argv);
          open += 3;
        }
        break;
      }
    }
  }
  return 0;
}

// init PROGRAM …: the least an init can do: starts the program and reaps until it has ended.
static int run_init(char** argv) {
  pid_t child = spawn(argv);
  for (int status;;) {
    pid_t pid = wait(&status);
    if (pid == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

// How many processes there are beside PID 1 and this one.
static int others(void) {
  int count = 0;
  DIR* proc = opendir("/proc");
  for (struct dirent* entry; proc && (entry = readdir(proc));) {
    int pid = atoi(entry->d_name);
    if (pid > 1 && pid != getpid()) ++count;
  }
  if (proc) closedir(proc);
  return count;
}

// orphans FIFO COUNT: leaves so many dead processes to PID 1 and waits until it has reaped them
// all.
static int run_orphans(const char* fifo, unsigned long count) {
  tell(fifo, "begin");
  for (unsigned long i = 0; i < count; ++i) {
    pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) _exit(0);
      _exit(0);
    }
    if (middle < 0) die("cannot fork");
    waitpid(middle, NULL, 0);
  }
  double until = seconds() + 10;
  while (others() > 0 && seconds() < until) usleep(500);
  char text[32];
  snprintf(text, sizeof text, "left:%d", others());
  tell(fifo, text);
  return 0;
}

int main(int count, char** words) {
  const char* what = count > 1 ? words[1] : "";
  if (count == 6 && strcmp(what, "write") == 0)
    return run_write(words[2], strtoul(words[3], NULL, 10), words[4], words[5]);
  if (count == 3 && strcmp(what, "flood") == 0)
    return write_lines("big", strtoul(words[2], NULL, 10));
  if (count == 3 && strcmp(what, "read") == 0) return run_read(strtoul(words[2], NULL, 10));
  if (count == 4 && strcmp(what, "unit") == 0) run_unit(words[2], strtoul(words[3], NULL, 10));
  if (count > 3 && strcmp(what, "exec") == 0) run_exec(words[2], words + 3);
  if (count > 3 && strcmp(what, "floor") == 0) return run_floor(atoi(words[2]), words + 3);
  if (count > 3 && strcmp(what, "pipes") == 0) return run_pipes(atoi(words[2]), words + 3);
  if (count > 2 && strcmp(what, "init") == 0) return run_init(words + 2);
  if (count == 4 && strcmp(what, "orphans") == 0)
    return run_orphans(words[2], strtoul(words[3], NULL, 10));
  fprintf(stderr,
          "usage: load write big|lines COUNT UP GO | flood COUNT | read COUNT | unit FIFO LINES | "
          "exec FIFO PROGRAM … |"
          " floor|pipes COUNT PROGRAM … | init PROGRAM … | orphans FIFO COUNT\n");
  return 2;
}
