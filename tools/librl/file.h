/* Whole files. */
#ifndef LIBRL_FILE_H
#define LIBRL_FILE_H

#include "lib/types.h"

/* A file's contents, read-only, for as long as it is mapped. An empty file has data NULL. */
struct file_map {
    void *data;
    size_t size;
};

/* 0 or a negative errno; nothing is told. */
int file_map(const char *path, struct file_map *map);
void file_unmap(struct file_map *map);

/* A small file as text; the caller frees it. -EFBIG it is larger than any such file, -EINVAL it holds NULs. */
int file_read_text(const char *path, char **text);

/* Put @text into the file, which others see whole or not at all. */
int file_write_text(const char *path, const char *text);

#endif
