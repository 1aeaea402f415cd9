/*
 * Other domains, by domctl: made, built from a kit image, run, watched, taken apart.
 */
#ifndef DOM0_DOMAIN_H
#define DOM0_DOMAIN_H

#include <kit/kit.h>

struct domain {
    domid_t id;
    ulong nr_pages;
    ulong *p2m;                 /* our copy, nr_pages entries */
    evtchn_port_t store_port;   /* theirs */
    evtchn_port_t console_port; /* theirs */
    evtchn_port_t console;      /* ours, joined to it */
    struct xencons_interface *ring;
    ulong ring_at; /* where it is mapped */
};

/* What an image says about itself. */
struct image {
    const char *elf;
    ulong virt_base, entry, hypercall_page, end; /* end: pseudo-physical address behind it */
    bool pv32;                                   /* of 32 bits, with PAE */
};

/* Reads the notes of an ELF64 or ELF32 image. False when it is none, or lacks one that we need. */
bool image_parse(struct image *image, const char *elf, ulong size);

/* Copies it to @to, which stands for pseudo-physical address 0; the memory there is zeroed. */
void image_load(const struct image *image, char *to);

/*
 * Makes a domain of @pages pages and @vcpus vcpus, builds @image into it with the command line, and joins its console.
 * It is paused. 0, or the first error; then domain_destroy() still takes apart what there is.
 */
long domain_create(struct domain *d, const struct image *image, const char *command_line,
                   ulong pages, unsigned int vcpus);

/* The steps of domain_create() that write the domain's memory: build.c. */
long domain_build(struct domain *d, const struct image *image, const char *command_line);

long domain_unpause(const struct domain *d);

/* Kills it, and lets go of what we hold of it. It is there until others have done so, too: domain_exists(). */
long domain_destroy(struct domain *d);
bool domain_exists(const struct domain *d);

/* SHUTDOWN_* once it has shut down, else -1. */
int domain_shutdown_reason(const struct domain *d);

/* Takes up to @size bytes that it wrote to its console. */
int domain_console_read(struct domain *d, char *to, int size);

/* Gives it @size bytes of console input. False, and nothing is written, when it has no room for them. */
bool domain_console_write(struct domain *d, const char *text, int size);

/* Maps @count frames of the domain writable, one after another. 0, or the hypervisor's error. */
long domain_map(const struct domain *d, ulong at, const ulong *mfns, ulong count);
void domain_unmap(ulong at, ulong count);

/* One domctl for @d; the argument's union is the caller's to fill and read. */
long domctl(struct xen_domctl *op, unsigned int command, domid_t id);

#endif
