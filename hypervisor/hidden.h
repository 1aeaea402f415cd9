/*
 * Included before every source of the image by the build: what is declared extern is ours, so it is reached
 * relative to rip and not through a table. -fvisibility=hidden says so of definitions only.
 */
#pragma GCC visibility push(hidden)
