/*
 * greedy: asks of xenstore more than its share. With `read=PATH` it tells whether it may read that; otherwise it writes
 * node after node of its own until the daemon refuses one, says how many it got, and whether the store still answers.
 */
#include <kit/kit.h>

#define NODES     100000UL /* nobody gives as many */
#define PATH_SIZE 32

static bool readable(const char *path)
{
    char value[2];

    return store_read(path, value, sizeof(value)) == 1;
}

static void hoard(void)
{
    char path[PATH_SIZE];
    unsigned long nodes = 0;
    long rc = 0;

    while ( !rc && nodes < NODES )
    {
        snprintf(path, sizeof(path), "data/%lu", nodes);
        rc = store_write(path, "x");
        nodes += !rc;
    }
    printf("%lu nodes, then %ld; the first one is %s\n", nodes, rc,
           readable("data/0") ? "there" : "lost");
}

void guest_main(void)
{
    const char *path = arg_value("read");

    if ( path )
        printf("%s is %s\n", path, readable(path) ? "ours to read" : "not for us");
    else
        hoard();
    event_wait_until(false);
}
