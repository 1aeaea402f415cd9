/* Hooks of all rooms, as rooms.def declares them. For domain.c alone. */
#ifndef DOMAIN_ROOMS_H
#define DOMAIN_ROOMS_H

#include "domain/domain.h"

struct room {
    const char *name;
    long (*domain_create)(struct domain *d);
    long (*domain_relinquish)(struct domain *d);
    void (*domain_destroy)(struct domain *d);
    long (*vcpu_create)(struct vcpu *v);
    void (*vcpu_destroy)(struct vcpu *v);
};

#define ROOM_DECLARE_NO(type, name, hook, arg)
#define ROOM_DECLARE_YES(type, name, hook, arg) type name##_##hook(arg);
#define ROOM(name, create, relinquish, destroy, vcreate, vdestroy)                                 \
    ROOM_DECLARE_##create(long, name, domain_create, struct domain *)                              \
        ROOM_DECLARE_##relinquish(long, name, domain_relinquish, struct domain *)                  \
            ROOM_DECLARE_##destroy(void, name, domain_destroy, struct domain *)                    \
                ROOM_DECLARE_##vcreate(long, name, vcpu_create, struct vcpu *)                     \
                    ROOM_DECLARE_##vdestroy(void, name, vcpu_destroy, struct vcpu *)
#include "domain/rooms.def"
#undef ROOM

#endif
