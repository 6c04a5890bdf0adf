#ifndef PARE_PAGES_H
#define PARE_PAGES_H

#include <stddef.h>

/// Asks the system for pages of the greater size, so that weights that are read from end to end miss fewer translations.
/// `start` is a multiple of PARE_GREAT_PAGE. Where the system has none, or none left, nothing changes.
void pare_ask_for_great_pages(void *start, size_t byte_count);

enum { PARE_GREAT_PAGE = 1 << 21 };

#endif
