// FNV-1a with 64 bits, which a .pare file's checksum is made with (docs/artifact-format.md).
#include <stddef.h>
#include <stdint.h>

uint64_t fnv1a(uint64_t value, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) value = (value ^ bytes[i]) * 0x100000001b3;
  return value;
}
