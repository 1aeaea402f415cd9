/* What guest-ports/busy does, as a process: busy START WORK. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "busy.h"

int main(int argc, char **argv)
{
    long start, now = time(NULL);

    if ( argc < 3 )
        return 2;
    start = atol(argv[1]);
    if ( now < start )
        sleep((unsigned int)(start - now));
    busy(strtoul(argv[2], NULL, 10));
    return 0;
}
