/* mbedTLS's source of randomness: getrandom(2), which needs neither /dev nor a particular C library. */
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

/* Fills `output` with `length` bytes. 0, or MBEDTLS_ERR_ENTROPY_SOURCE_FAILED. See
   mbedtls/entropy.h, MBEDTLS_ENTROPY_HARDWARE_ALT. */
int mbedtls_hardware_poll(void *unused, unsigned char *output, size_t length, size_t *filled) {
  size_t done = 0;
  (void)unused;
  while (done < length) {
    ssize_t count = getrandom(output + done, length - done, 0);
    if (count < 0 && errno != EINTR) return -0x003C;
    if (count > 0) done += (size_t)count;
  }
  *filled = done;
  return 0;
}
