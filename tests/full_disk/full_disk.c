/* Loaded before libc (LD_PRELOAD), makes a disk appear full: once a program has
 * written FULL_DISK_BYTES bytes to files below the directory FULL_DISK_UNDER,
 * every further write there fails with ENOSPC, as on a real full disk. Works
 * without privileges, unlike a small file system of its own. Linux only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long written;

/* Whether writing `bytes` more to this file finds no room. */
static int is_full(int file, size_t bytes) {
    const char *under = getenv("FULL_DISK_UNDER");
    const char *limit = getenv("FULL_DISK_BYTES");
    char link[64], path[PATH_MAX];
    if (!under || !limit) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, under, strlen(under)) != 0) return 0;
    return atomic_fetch_add(&written, (long)bytes) + (long)bytes > atol(limit);
}

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    return bytes;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define NO_SPACE do { errno = ENOSPC; return -1; } while (0)

ssize_t write(int file, const void *data, size_t bytes) {
    if (is_full(file, bytes)) NO_SPACE;
    return REAL(write)(file, data, bytes);
}

ssize_t pwrite(int file, const void *data, size_t bytes, off_t at) {
    if (is_full(file, bytes)) NO_SPACE;
    return REAL(pwrite)(file, data, bytes, at);
}

ssize_t pwrite64(int file, const void *data, size_t bytes, off64_t at) {
    if (is_full(file, bytes)) NO_SPACE;
    return REAL(pwrite64)(file, data, bytes, at);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (is_full(file, total(parts, count))) NO_SPACE;
    return REAL(writev)(file, parts, count);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) {
    if (is_full(file, total(parts, count))) NO_SPACE;
    return REAL(pwritev64)(file, parts, count, at);
}

int posix_fallocate(int file, off_t at, off_t bytes) {
    if (is_full(file, (size_t)bytes)) return ENOSPC;
    return REAL(posix_fallocate)(file, at, bytes);
}
