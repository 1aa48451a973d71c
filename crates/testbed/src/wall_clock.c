/* Loaded before the C library, this turns the wall clock of one process, and no other clock, to
   where the file named by TESTBED_WALL_CLOCK says: so many seconds ahead, or standing still at so
   many milliseconds since 1970, where that is not zero. The file can change at any time. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct hands {
    int64_t ahead;
    int64_t stands_at;
};

static const volatile struct hands *hands;
static int (*next_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    next_clock_gettime =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("TESTBED_WALL_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof(struct hands), PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED)
        hands = mapped;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = next_clock_gettime ? next_clock_gettime(clock, now)
                                    : (int)syscall(SYS_clock_gettime, clock, now);
    if (failed || !hands || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t stands_at = hands->stands_at;
    if (stands_at) {
        now->tv_sec = stands_at / 1000;
        now->tv_nsec = stands_at % 1000 * 1000000;
    } else {
        now->tv_sec += hands->ahead;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    if (!failed) {
        now->tv_sec = precise.tv_sec;
        now->tv_usec = precise.tv_nsec / 1000;
    }
    return failed;
}

time_t time(time_t *now) {
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME_COARSE, &precise))
        return -1;
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}
