/* The handlers of keys.def: each defined in the room that it tells about. */
#ifndef CONSOLE_KEYS_H
#define CONSOLE_KEYS_H

#define KEY(character, handler, summary) void handler(void);
#include "console/keys.def"
#undef KEY

#endif
