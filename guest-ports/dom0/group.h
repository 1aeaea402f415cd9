/*
 * A group: one domain or several at once, their consoles, what they tell each other, and what they come to.
 */
#ifndef DOM0_GROUP_H
#define DOM0_GROUP_H

#include "domain.h"

#define GROUP_MAX   9
#define GROUP_PAGES (64UL << 20 >> PAGE_SHIFT) /* the most that one of them may have */

/*
 * Makes a domain of @image and adds it, paused, to the group. It will be called @name. One that can't be made is
 * reported, and taken apart with the others.
 */
void group_add(const char *name, const struct image *image, const char *command_line, ulong pages,
               unsigned int vcpus);

/*
 * Runs all that were added until each has shut down, or the time is over. A domain is destroyed as soon as it has
 * shut down; then all frames must be there again. Afterwards the group is empty.
 */
void group_run(void);

/* How many frames of the machine nobody has. */
ulong free_frames(void);

#endif
