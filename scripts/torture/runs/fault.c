// A library to preload: one system call on a run's files does not come back as it should. Environment:
//   FAULT_FOLDER  the run's folder; calls on other files are left alone
//   FAULT_AT      which of the calls, counted from 1
//   FAULT_ERRNO   what it fails with; 0: the process is killed right before the call, -1: right after it
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { PASS, FAIL, KILL_AFTER };

static atomic_long calls;

static enum verdict judge_path(const char* path) {
  const char* folder = getenv("FAULT_FOLDER");
  const char* at = getenv("FAULT_AT");
  const char* number = getenv("FAULT_ERRNO");
  if (!folder || !at || !number || strncmp(path, folder, strlen(folder)) != 0) return PASS;
  if (atomic_fetch_add(&calls, 1) + 1 != atol(at)) return PASS;
  const int wanted = atoi(number);
  if (wanted == 0) raise(SIGKILL);
  if (wanted < 0) return KILL_AFTER;
  errno = wanted;
  return FAIL;
}

static enum verdict judge_file(int file) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return PASS;
  path[length] = 0;
  return judge_path(path);
}

// Calls the function that the library stands before, and kills the process behind it where that is asked for.
#define GUARDED(judgement, type, name, ...)                      \
  static type (*real)() = NULL;                                  \
  if (!real) real = (type(*)())dlsym(RTLD_NEXT, name);           \
  const enum verdict verdict = judgement;                        \
  if (verdict == FAIL) return -1;                                \
  const type result = real(__VA_ARGS__);                         \
  if (verdict == KILL_AFTER) raise(SIGKILL);                     \
  return result;

static int mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0; }

#define OPEN(name)                                               \
  int name(const char* path, int flags, ...) {                   \
    va_list rest;                                                \
    va_start(rest, flags);                                       \
    const int mode = mode_of(flags, rest);                       \
    va_end(rest);                                                \
    GUARDED(judge_path(path), int, #name, path, flags, mode)     \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void* bytes, size_t count) { GUARDED(judge_file(file), ssize_t, "write", file, bytes, count) }
ssize_t pwrite64(int file, const void* bytes, size_t count, off_t at) {
  GUARDED(judge_file(file), ssize_t, "pwrite64", file, bytes, count, at)
}
ssize_t writev(int file, const struct iovec* parts, int count) { GUARDED(judge_file(file), ssize_t, "writev", file, parts, count) }
ssize_t read(int file, void* bytes, size_t count) { GUARDED(judge_file(file), ssize_t, "read", file, bytes, count) }
ssize_t pread64(int file, void* bytes, size_t count, off_t at) {
  GUARDED(judge_file(file), ssize_t, "pread64", file, bytes, count, at)
}
int fsync(int file) { GUARDED(judge_file(file), int, "fsync", file) }
int rename(const char* from, const char* to) { GUARDED(judge_path(from), int, "rename", from, to) }
int link(const char* from, const char* to) { GUARDED(judge_path(from), int, "link", from, to) }
int mkdir(const char* path, mode_t mode) { GUARDED(judge_path(path), int, "mkdir", path, mode) }
int unlink(const char* path) { GUARDED(judge_path(path), int, "unlink", path) }
int rmdir(const char* path) { GUARDED(judge_path(path), int, "rmdir", path) }
