/* JSON, for --json. */
#ifndef RL_JSON_H
#define RL_JSON_H

#include <json-c/json.h>

#include "librl/domain.h"

void json_add_text(struct json_object *o, const char *key, const char *text);
void json_add_number(struct json_object *o, const char *key, u64 number);

/* What --json tells of a domain. */
struct json_object *json_domain(const struct rl_domain *domain);

/* Print it to standard output, and free it. */
void json_print(struct json_object *o);

#endif
