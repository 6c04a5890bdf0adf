#ifndef PARE_TILE_WALK_H
#define PARE_TILE_WALK_H

#include "variant.h"

/// Whether a product of one row goes through weights of eight bits tile by tile, in one stream, and not through eight
/// tiles at once. Eight share what is read of the inputs; but streams that lie a multiple of 1,024 bytes apart fall on each
/// other in the first cache, and beyond the second one stream is fetched ahead best. Measured: docs/latency-formats.md.
PARE_INLINE int goes_tile_by_tile(int32_t groups, int32_t tiles) {
  enum { first_cache = 1 << 15, second_cache = 1 << 20, way = 1 << 10 };
  const size_t stride = (size_t)groups * PARE_TILE * PARE_GROUP, bytes = stride * (size_t)tiles;
  return bytes > first_cache && (stride % way == 0 || bytes >= second_cache);
}

#endif
