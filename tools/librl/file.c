#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/string.h"

#define MAX_TEXT (1UL << 20)

static int open_regular(const char *path, size_t *size)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if ( fd < 0 )
        return -errno;
    if ( !fstat(fd, &stat) && S_ISREG(stat.st_mode) )
    {
        *size = (size_t)stat.st_size;
        return fd;
    }
    close(fd);
    return -EINVAL;
}

int file_map(const char *path, struct file_map *map)
{
    int fd, rc = 0;

    *map = (struct file_map){ 0 };
    fd = open_regular(path, &map->size);
    if ( fd < 0 )
        return fd;
    if ( map->size )
        map->data = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if ( map->data == MAP_FAILED )
    {
        rc = -errno;
        *map = (struct file_map){ 0 };
    }
    close(fd);
    return rc;
}

void file_unmap(struct file_map *map)
{
    if ( map->data )
        munmap(map->data, map->size);
    *map = (struct file_map){ 0 };
}

/* Pipes have no size, so text is read until it ends. */
static int read_all(int fd, char *to, size_t room)
{
    size_t done = 0;
    ssize_t n;

    while ( (n = read(fd, to + done, room - done)) != 0 )
    {
        if ( n < 0 )
            return -errno;
        done += (size_t)n;
        if ( done == room )
            return -EFBIG;
    }
    to[done] = '\0';
    return strlen(to) == done ? 0 : -EINVAL;
}

int file_read_text(const char *path, char **text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

    *text = NULL;
    if ( fd < 0 )
        return -errno;
    *text = malloc(MAX_TEXT);
    rc = *text ? read_all(fd, *text, MAX_TEXT) : -ENOMEM;
    close(fd);
    if ( rc )
    {
        free(*text);
        *text = NULL;
    }
    return rc;
}

int file_write_text(const char *path, const char *text)
{
    char temporary[4096];
    size_t size = strlen(text);
    int fd, rc = 0;

    snprintf(temporary, sizeof(temporary), "%s.new", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if ( fd < 0 )
        return -errno;
    if ( write(fd, text, size) != (ssize_t)size )
        rc = -EIO;
    if ( close(fd) && !rc )
        rc = -errno;
    if ( !rc && rename(temporary, path) )
        rc = -errno;
    if ( rc )
        unlink(temporary);
    return rc;
}
