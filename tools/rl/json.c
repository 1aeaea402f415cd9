#include "json.h"

#include <stdio.h>

void json_add_text(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, json_object_new_string(text));
}

void json_add_number(struct json_object *o, const char *key, u64 number)
{
    json_object_object_add(o, key, json_object_new_uint64(number));
}

struct json_object *json_domain(const struct rl_domain *domain)
{
    struct json_object *o = json_object_new_object();
    char uuid[RL_UUID_TEXT];

    rl_uuid_text(domain->uuid, uuid);
    json_add_text(o, "name", domain->name);
    json_add_number(o, "domid", domain->id);
    json_add_text(o, "uuid", uuid);
    json_add_text(o, "state", rl_state_name(domain));
    json_object_object_add(o, "reason",
                           domain->shutdown ? json_object_new_string(rl_reason_name(domain->reason))
                                            : NULL);
    json_add_number(o, "frames", domain->pages);
    json_add_number(o, "max_frames", domain->max_pages);
    json_add_number(o, "vcpus", domain->vcpus);
    json_add_number(o, "vcpus_online", domain->vcpus_online);
    json_add_number(o, "cpu_ns", domain->cpu_ns);
    return o;
}

void json_print(struct json_object *o)
{
    puts(json_object_to_json_string_ext(o,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}
