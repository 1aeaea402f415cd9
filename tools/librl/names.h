/*
 * Which domain has which name, without asking the store for each.
 *
 * A domain's name is in the store, at /local/domain/ID/name, which xl and anybody else may write. To look a name up
 * there is to read it of all domains, and what a read costs grows with their number: creating domains one after
 * another would be quadratic, or worse. So rl keeps what it has read in a table in /run, by the domain's number and
 * UUID, which the hypervisor tells of all domains in one call. Domains that the table doesn't know are read from the
 * store: those that somebody else made, and what there was before the table.
 *
 * What may go wrong is that a name changes behind our back. `xl rename` writes the name at /vm/UUID/name as well, and
 * there the daemon watches: what the table knows by another name, it takes away. So the table counts only while a
 * daemon runs that vouches for it. Without one all names are read. A name that is found is read from the store before
 * it is believed; so what the table decides alone is only that a domain has another name.
 */
#ifndef LIBRL_NAMES_H
#define LIBRL_NAMES_H

#include "domain.h"

/* Fill in the names of @count domains, "" for those without one. */
void names_get(struct rl *rl, struct rl_domain *domains, unsigned int count);

/*
 * Strike out of @infos those domains that the table knows to be called otherwise than @name, without looking anywhere
 * else: what is done for each domain that there is, whenever one is made. The rest comes first; their number.
 */
unsigned int names_sift(struct rl *rl, const char *name, struct xen_domctl_getdomaininfo *infos,
                        unsigned int count);

/* @domain, of which names_get() has told the name: is it still called so? If not, the name is put right. */
bool names_verify(struct rl *rl, struct rl_domain *domain);

/* @domain is called @domain->name from now on: the store says so. */
void names_note(struct rl *rl, const struct rl_domain *domain);

/* Likewise; the store doesn't say so yet, but will as soon as the domain is made. */
void names_promise(struct rl *rl, const struct rl_domain *domain);

/* --- for the daemon --- */

#define NAMES_WATCH "/vm"

/* The watch is set: begin with an empty table, and vouch for it until this process ends. */
void names_vouch(struct rl *rl);

/* What the watch told: @path has changed. */
void names_changed(struct rl *rl, const char *path);

void names_close(struct rl *rl);

#endif
