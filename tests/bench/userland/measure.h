/*
 * What Linux's operations cost, in instructions, by the TSC of a QEMU that counts them: the rows of lmbench
 * that the paper on Xen of 2003 had, written anew, and some loads.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct measure {
    const char *name;
    void (*prepare)(void); /* once, or NULL */
    void (*run)(long count);
    long count;       /* times; the figure is that of one */
    unsigned int per; /* operations that each time does; 0 counts as 1 */
};

/* Rows, one array a file, ended by an entry without a name. */
extern const struct measure process_rows[], memory_rows[], file_rows[], local_rows[], load_rows[];

/* Our own program, to be executed: with the word `nothing` it ends at once. */
extern char *own_path;

/* Passes @rc on; ends with a message when it is -1. */
#define must(rc)                                                                                   \
    ({                                                                                             \
        long rc_ = (long)(rc);                                                                     \
        if ( rc_ == -1 )                                                                           \
        {                                                                                          \
            perror(#rc);                                                                           \
            exit(1);                                                                               \
        }                                                                                          \
        rc_;                                                                                       \
    })

/* A child that runs @function(@arg) and ends with its value. */
static inline pid_t start(int (*function)(long arg), long arg)
{
    pid_t pid = (pid_t)must(fork());

    if ( !pid )
        _exit(function(arg));
    return pid;
}

/* Waits for @count children; each must have ended with 0. */
void wait_for(int count);

/* Reads or writes all @size bytes. Reading returns less at the end. */
size_t read_all(int fd, void *buffer, size_t size);
void write_all(int fd, const void *buffer, size_t size);

#endif
