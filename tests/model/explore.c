#include "tests/model/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_SIZE 32768UL
#define CHUNK      1024UL

/* ---- actors: part of the state, so that each is where it was */

enum place { AT_ACCESS, AT_CHOICE, AT_PAUSE, AT_REST, AT_END };

static struct actor {
    void *sp;
    enum place place;
    unsigned int choices, chosen;
    const char *what; /* the function that is about to access, or why it stopped */
    const volatile void *at;
    const char *const *names; /* of the choices */
} actors[MODEL_ACTORS];

static unsigned int running; /* the actor, while one runs */
static bool in_actor;
static const char *failure; /* of the code itself */

/* ---- the explorer's own: none of it is part of the state */

/* A piece of a state, shared by all states in which it looks the same. */
struct chunk {
    uint64_t hash;
    uint32_t users;
    uint8_t bytes[CHUNK];
};

struct way {
    uint8_t actor, choice;
};

#define WAYS_MAX 64

struct node {
    struct chunk **chunks;
    uint32_t state; /* its number */
    unsigned int ways, next;
    struct way way[WAYS_MAX];
};

#define ADDRESSES 4096 /* that are accessed, at most */

struct explorer {
    const struct model *m;
    uint8_t *stacks;
    void *sp; /* ours, while an actor runs */

    struct piece {
        uint8_t *memory;
        size_t size; /* at most CHUNK */
    } * pieces;      /* of what is the state: static data, then stacks */
    size_t data_chunks, chunks;
    struct chunk **now; /* what memory holds, a piece each; NULL: nothing of value */

    struct node *path;
    size_t depth, path_size;
    struct node before, root; /* the program as it was; and what set_up makes of it */
    uint32_t wrong_state;     /* that was found wrong, or after one step more it was */
    struct way wrong_way;

    uint64_t *seen; /* hashes of states; their numbers */
    uint32_t *seen_number;
    size_t seen_size;

    struct {
        uint32_t from, to;
    } * edges;
    size_t nr_edges, edges_size;
    uint32_t *ends;
    size_t nr_ends, ends_size;

    struct origin {
        uint32_t from; /* the state that it was first reached from */
        struct way way;
    } * origins; /* by the number of a state */
    size_t origins_size;

    struct address {
        const volatile void *at;
        uint32_t cpus;
        bool written;
    } address[ADDRESSES];
    bool found_shared;

    struct model_result result;
};

static struct explorer *ex;

extern uint8_t __data_start[], _end[];

static void *must(void *p)
{
    if ( !p )
    {
        fprintf(stderr, "the explorer has no memory left\n");
        exit(1);
    }
    return p;
}

/* ---- switching stacks */

/* Keep the registers that a function must keep on this stack, and go on with another one. */
void model_switch(void **keep, void *go_on);
__asm__(".text\n"
        ".globl model_switch\n"
        "model_switch:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n");

static void leave(enum place place, const char *what, const volatile void *at)
{
    struct actor *a = &actors[running];

    a->place = place;
    a->what = what;
    a->at = at;
    model_switch(&a->sp, ex->sp);
}

static void actor_main(void)
{
    ex->m->body[running]();
    leave(AT_END, "end", NULL);
    abort();
}

static uint8_t *stack_of(unsigned int actor)
{
    return ex->stacks + actor * STACK_SIZE;
}

static void actor_begin(unsigned int n)
{
    void **top = (void **)(stack_of(n) + STACK_SIZE) - 2;

    *top = (void *)actor_main;
    memset(top - 6, 0, 6 * sizeof(*top));
    actors[n] = (struct actor){ .sp = top - 6, .place = AT_PAUSE, .what = "begin" };
}

static void run(unsigned int n, unsigned int choice)
{
    running = n;
    actors[n].chosen = choice;
    in_actor = true;
    if ( ex->m->resumed )
        ex->m->resumed(n);
    model_switch(&ex->sp, actors[n].sp);
    in_actor = false;
}

unsigned int model_choose(unsigned int n, const char *const *names)
{
    actors[running].choices = n;
    actors[running].names = names;
    leave(AT_CHOICE, "chooses", NULL);
    return actors[running].chosen;
}

void model_pause(const char *what)
{
    if ( in_actor )
        leave(AT_PAUSE, what, NULL);
}

void cpu_relax(void)
{
    model_pause("spins");
}

void model_rest(const char *what)
{
    leave(AT_REST, what, NULL);
}

bool model_is_at(unsigned int n, const char *what)
{
    return (actors[n].place == AT_PAUSE || actors[n].place == AT_REST) && actors[n].what == what;
}

bool model_has_ended(unsigned int n)
{
    return actors[n].place == AT_END;
}

void model_fails(const char *why)
{
    if ( !in_actor )
    {
        fprintf(stderr, "the model fails while nobody runs: %s\n", why);
        exit(1);
    }
    snprintf(ex->result.message, sizeof(ex->result.message), "%s", why);
    failure = ex->result.message;
    leave(AT_END, "failure", NULL);
    abort();
}

/* ---- what is a step */

static struct address *address_of(const volatile void *at)
{
    size_t i = ((uintptr_t)at >> 2) * 0x9e3779b97f4a7c15UL >> 52;

    for ( size_t tries = 0; tries < ADDRESSES; tries++, i = (i + 1) % ADDRESSES )
        if ( ex->address[i].at == at || !ex->address[i].at )
        {
            ex->address[i].at = at;
            return &ex->address[i];
        }
    return must(NULL);
}

static bool is_on_a_stack(const volatile void *at)
{
    return (size_t)((const volatile uint8_t *)at - ex->stacks) < MODEL_ACTORS * STACK_SIZE;
}

static bool is_shared(const struct address *a)
{
    return a->written && (a->cpus & (a->cpus - 1));
}

void model_access(const volatile void *at, enum model_access access, const char *function)
{
    struct address *a;

    if ( !ex || !in_actor || is_on_a_stack(at) )
        return;
    a = address_of(at);
    if ( !is_shared(a) )
    {
        a->cpus |= 1u << ex->m->cpu[running];
        a->written |= access == MODEL_WRITES;
        ex->found_shared |= is_shared(a) && !ex->m->always(at);
    }
    if ( is_shared(a) || ex->m->always(at) )
        leave(AT_ACCESS, function, at);
}

/* ---- states */

static uint64_t hash_of(const uint8_t *bytes)
{
    uint64_t lane[4] = { 1, 2, 3, 4 };

    for ( size_t i = 0; i < CHUNK; i += sizeof(lane) )
        for ( size_t j = 0; j < 4; j++ )
        {
            uint64_t word;

            memcpy(&word, bytes + i + j * sizeof(word), sizeof(word));
            lane[j] = (lane[j] ^ word) * 0x9fb21c651e98df25UL;
            lane[j] ^= lane[j] >> 29;
        }
    return lane[0] + 3 * lane[1] + 5 * lane[2] + 7 * lane[3];
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
    return x ^ x >> 31;
}

static bool is_ignored(const uint8_t *memory)
{
    for ( size_t i = 0; i < MODEL_IGNORED; i++ )
    {
        const uint8_t *from = ex->m->ignored[i].from;

        if ( memory >= from && memory + CHUNK <= from + ex->m->ignored[i].size )
            return true;
    }
    return false;
}

static void add_pieces(uint8_t *from, uint8_t *to)
{
    for ( ; from < to; from += CHUNK )
        if ( !is_ignored(from) )
            ex->pieces[ex->chunks++] =
                (struct piece){ from, to - from < (long)CHUNK ? (size_t)(to - from) : CHUNK };
}

/* The pieces of memory that make up a state. */
static void find_pieces(void)
{
    size_t most = (size_t)(_end - __data_start) / CHUNK + 1 + MODEL_ACTORS * (STACK_SIZE / CHUNK);

    ex->pieces = must(calloc(most, sizeof(*ex->pieces)));
    add_pieces(__data_start, _end);
    ex->data_chunks = ex->chunks;
    add_pieces(ex->stacks, ex->stacks + ex->m->actors * STACK_SIZE);
    ex->now = must(calloc(ex->chunks, sizeof(*ex->now)));
}

static void drop(struct chunk *c)
{
    if ( c && --c->users == 0 )
        free(c);
}

static void take_down(size_t i)
{
    const uint8_t *memory = ex->pieces[i].memory;
    size_t size = ex->pieces[i].size;
    struct chunk *c = ex->now[i];

    if ( c && !memcmp(c->bytes, memory, size) )
        return;
    drop(c);
    c = must(malloc(sizeof(*c)));
    c->users = 1;
    memset(c->bytes + size, 0, CHUNK - size);
    memcpy(c->bytes, memory, size);
    c->hash = mix(hash_of(c->bytes) + i);
    ex->now[i] = c;
}

/* What lies below an actor's stack pointer means nothing. */
static void take_down_stack(unsigned int n)
{
    uint8_t *sp = actors[n].sp, *stack = stack_of(n);
    size_t first = ex->data_chunks + n * (STACK_SIZE / CHUNK);

    for ( size_t i = 0; i < STACK_SIZE / CHUNK; i++ )
    {
        uint8_t *memory = stack + i * CHUNK;

        if ( memory + CHUNK <= sp || actors[n].place == AT_END )
        {
            drop(ex->now[first + i]);
            ex->now[first + i] = NULL;
            continue;
        }
        if ( memory < sp )
            memset(memory, 0, (size_t)(sp - memory));
        take_down(first + i);
    }
}

/* Note what memory holds now; returns the state's hash. */
static uint64_t take_down_all(void)
{
    uint64_t hash = 0;

    running = 0;
    for ( size_t i = 0; i < ex->data_chunks; i++ )
        take_down(i);
    for ( unsigned int n = 0; n < ex->m->actors; n++ )
        take_down_stack(n);
    for ( size_t i = 0; i < ex->chunks; i++ )
        hash += ex->now[i] ? ex->now[i]->hash : 0;
    hash = mix(hash);
    return hash ? hash : 1;
}

static void put_back(const struct node *node)
{
    for ( size_t i = 0; i < ex->chunks; i++ )
    {
        struct chunk *c = node->chunks[i];

        if ( ex->now[i] == c )
            continue;
        drop(ex->now[i]);
        ex->now[i] = c;
        if ( !c )
            continue;
        c->users++;
        memcpy(ex->pieces[i].memory, c->bytes, ex->pieces[i].size);
    }
}

/* ---- which states there were */

static size_t slot_of_hash(uint64_t hash)
{
    size_t i = hash & (ex->seen_size - 1);

    while ( ex->seen[i] && ex->seen[i] != hash )
        i = (i + 1) & (ex->seen_size - 1);
    return i;
}

static void seen_grow(void)
{
    uint64_t *old = ex->seen;
    uint32_t *numbers = ex->seen_number;
    size_t size = ex->seen_size;

    ex->seen_size = size ? 2 * size : 1 << 16;
    ex->seen = must(calloc(ex->seen_size, sizeof(*ex->seen)));
    ex->seen_number = must(calloc(ex->seen_size, sizeof(*ex->seen_number)));
    for ( size_t i = 0; i < size; i++ )
        if ( old[i] )
        {
            size_t to = slot_of_hash(old[i]);

            ex->seen[to] = old[i];
            ex->seen_number[to] = numbers[i];
        }
    free(old);
    free(numbers);
}

/* The number of the state with this hash; @fresh: it is a new one. */
static uint32_t number_of(uint64_t hash, bool *fresh)
{
    size_t i;

    if ( ex->result.states * 2 >= ex->seen_size )
        seen_grow();
    i = slot_of_hash(hash);
    *fresh = !ex->seen[i];
    if ( *fresh )
    {
        ex->seen[i] = hash;
        ex->seen_number[i] = (uint32_t)ex->result.states++;
    }
    return ex->seen_number[i];
}

static void *grown(void *array, size_t used, size_t *size, size_t element)
{
    if ( used < *size )
        return array;
    *size = *size ? 2 * *size : 1024;
    return must(realloc(array, *size * element));
}

static void note_edge(uint32_t from, uint32_t to)
{
    ex->edges = grown(ex->edges, ex->nr_edges, &ex->edges_size, sizeof(*ex->edges));
    ex->edges[ex->nr_edges].from = from;
    ex->edges[ex->nr_edges++].to = to;
}

static void note_end(uint32_t state)
{
    ex->ends = grown(ex->ends, ex->nr_ends, &ex->ends_size, sizeof(*ex->ends));
    ex->ends[ex->nr_ends++] = state;
    ex->result.ends++;
}

#define NO_STATE UINT32_MAX

/*
 * A state from which no way leads to an end, if there is one. Edges are followed backwards from the
 * ends, sorted by where they lead.
 */
static uint32_t endless_state(void)
{
    size_t states = ex->result.states, todo = 0;
    uint32_t *first = must(calloc(states + 2, sizeof(*first))),
             *from = must(malloc((ex->nr_edges + 1) * sizeof(*from))),
             *queue = must(malloc((states + 1) * sizeof(*queue)));
    uint8_t *leads = must(calloc(states + 1, 1));
    uint32_t endless = NO_STATE;

    for ( size_t i = 0; i < ex->nr_edges; i++ )
        first[ex->edges[i].to + 2]++;
    for ( size_t i = 2; i < states + 2; i++ )
        first[i] += first[i - 1];
    for ( size_t i = 0; i < ex->nr_edges; i++ )
        from[first[ex->edges[i].to + 1]++] = ex->edges[i].from;

    for ( size_t i = 0; i < ex->nr_ends; i++ )
        if ( !leads[ex->ends[i]]++ )
            queue[todo++] = ex->ends[i];
    while ( todo )
    {
        uint32_t state = queue[--todo];

        for ( uint32_t i = first[state]; i < first[state + 1]; i++ )
            if ( !leads[from[i]]++ )
                queue[todo++] = from[i];
    }
    for ( size_t i = 0; i < states && endless == NO_STATE; i++ )
        if ( !leads[i] )
            endless = (uint32_t)i;
    free(first);
    free(from);
    free(queue);
    free(leads);
    return endless;
}

/* ---- the way through */

static void add_way(struct node *node, unsigned int actor, unsigned int choice)
{
    if ( node->ways == WAYS_MAX )
        must(NULL);
    node->way[node->ways++] = (struct way){ (uint8_t)actor, (uint8_t)choice };
}

static void find_ways(struct node *node)
{
    node->ways = node->next = 0;
    for ( unsigned int n = 0; n < ex->m->actors; n++ )
    {
        if ( actors[n].place == AT_END || (ex->m->may_run && !ex->m->may_run(n)) )
            continue;
        for ( unsigned int c = 0; c < (actors[n].place == AT_CHOICE ? actors[n].choices : 1); c++ )
            add_way(node, n, c);
    }
}

static bool all_rest(void)
{
    for ( unsigned int n = 0; n < ex->m->actors; n++ )
        if ( actors[n].place != AT_END && actors[n].place != AT_REST )
            return false;
    return true;
}

/* Keep memory as it is now, which was taken down. */
static void keep(struct node *node)
{
    node->chunks = must(malloc(ex->chunks * sizeof(*node->chunks)));
    for ( size_t i = 0; i < ex->chunks; i++ )
    {
        node->chunks[i] = ex->now[i];
        if ( node->chunks[i] )
            node->chunks[i]->users++;
    }
}

static void let_go(struct node *node)
{
    for ( size_t i = 0; node->chunks && i < ex->chunks; i++ )
        drop(node->chunks[i]);
    free(node->chunks);
    node->chunks = NULL;
}

/* Memory as it is now is the next state of the path. */
static void push(uint32_t state)
{
    struct node *node;

    ex->path = grown(ex->path, ex->depth, &ex->path_size, sizeof(*ex->path));
    node = &ex->path[ex->depth++];
    node->state = state;
    keep(node);
    find_ways(node);
    if ( ex->depth > ex->result.longest )
        ex->result.longest = ex->depth;
}

static void pop(void)
{
    let_go(&ex->path[--ex->depth]);
}

static void tell_step(const struct way *way)
{
    const struct actor *a = &actors[way->actor];
    char buffer[64] = "";
    const char *at = a->place == AT_CHOICE  ? a->names[way->choice]
                     : a->at && ex->m->name ? ex->m->name(a->at, buffer, sizeof(buffer))
                                            : "";

    fprintf(stderr, "  %*sactor %u: %s %s\n", (int)way->actor * 4, "", way->actor, a->what, at);
}

/* The way by which @state was found, gone once more from the beginning; then @last, if that is not NULL. */
static void tell_way(uint32_t state, const struct way *last)
{
    struct way *ways = must(malloc((ex->result.longest + 2) * sizeof(*ways)));
    size_t n = 0;

    if ( last )
        ways[n++] = *last;
    for ( ; state; state = ex->origins[state].from )
        ways[n++] = ex->origins[state].way;
    fprintf(stderr, "%s, after %zu steps:\n", ex->result.message, n);
    put_back(&ex->root);
    while ( n-- )
    {
        tell_step(&ways[n]);
        run(ways[n].actor, ways[n].choice);
    }
    take_down_all();
    free(ways);
}

static bool is_wrong(const char *why)
{
    if ( why && !ex->result.wrong )
    {
        if ( why != ex->result.message )
            snprintf(ex->result.message, sizeof(ex->result.message), "%s", why);
        ex->result.wrong = true;
    }
    return ex->result.wrong;
}

/* Where there is no way on: a good end, or not? */
static void look_at_end(uint32_t state)
{
    ex->wrong_state = state;
    ex->wrong_way.actor = MODEL_ACTORS;
    if ( !all_rest() )
    {
        is_wrong("nobody can go on");
        return;
    }
    note_end(state);
    if ( ex->m->wrong_at_end )
        is_wrong(ex->m->wrong_at_end());
    take_down_all();
}

static void go_one_step(void)
{
    struct node *node = &ex->path[ex->depth - 1];
    struct way way = node->way[node->next++];
    uint32_t from = node->state, to;
    bool fresh;

    put_back(node);
    run(way.actor, way.choice);
    ex->result.steps++;
    if ( ex->found_shared )
        return;
    if ( is_wrong(failure) || is_wrong(ex->m->wrong()) )
    {
        ex->wrong_state = from;
        ex->wrong_way = way;
        return;
    }

    to = number_of(take_down_all(), &fresh);
    note_edge(from, to);
    if ( !fresh )
        return;
    ex->origins = grown(ex->origins, to, &ex->origins_size, sizeof(*ex->origins));
    ex->origins[to] = (struct origin){ from, way };
    push(to);
    if ( !ex->path[ex->depth - 1].ways )
        look_at_end(to);
}

static void explore_once(void)
{
    bool fresh;

    ex->found_shared = false;
    ex->m->set_up();
    for ( unsigned int n = 0; n < ex->m->actors; n++ )
        actor_begin(n);
    push(number_of(take_down_all(), &fresh));
    let_go(&ex->root);
    keep(&ex->root);
    is_wrong(ex->m->wrong());

    while ( ex->depth && !ex->result.wrong && !ex->found_shared )
        if ( ex->path[ex->depth - 1].next == ex->path[ex->depth - 1].ways )
            pop();
        else
            go_one_step();
}

/* All was seen: does every state lead to an end? */
static void look_for_endless(void)
{
    uint32_t state = endless_state();

    if ( state == NO_STATE )
        return;
    is_wrong("somebody waits for ever");
    ex->wrong_state = state;
    ex->wrong_way.actor = MODEL_ACTORS;
}

static void forget(void)
{
    while ( ex->depth )
        pop();
    free(ex->seen);
    free(ex->seen_number);
    ex->seen = NULL;
    ex->seen_number = NULL;
    ex->seen_size = ex->nr_edges = ex->nr_ends = 0;
    memset(&ex->result, 0, sizeof(ex->result));
}

static void begin(const struct model *m)
{
    ex = must(calloc(1, sizeof(*ex)));
    ex->m = m;
    ex->stacks = mmap(NULL, MODEL_ACTORS * STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(ex->stacks == MAP_FAILED ? NULL : ex->stacks);
    find_pieces();
    take_down_all();
    keep(&ex->before);
}

static void end(void)
{
    struct explorer *old = ex;

    put_back(&ex->before);
    forget();
    let_go(&ex->before);
    let_go(&ex->root);
    for ( size_t i = 0; i < ex->chunks; i++ )
        drop(ex->now[i]);
    munmap(ex->stacks, MODEL_ACTORS * STACK_SIZE);
    free(ex->now);
    free(ex->pieces);
    free(ex->path);
    free(ex->edges);
    free(ex->ends);
    free(ex->origins);
    ex = NULL;
    free(old);
}

struct model_result model_explore(const struct model *m, bool trace)
{
    struct model_result result;

    begin(m);
    do
    {
        forget();
        put_back(&ex->before);
        explore_once();
    } while ( ex->found_shared );

    ex->result.complete = !ex->result.wrong && !ex->depth;
    if ( ex->result.complete )
        look_for_endless();
    if ( ex->result.wrong && trace )
        tell_way(ex->wrong_state, ex->wrong_way.actor < MODEL_ACTORS ? &ex->wrong_way : NULL);
    result = ex->result;
    end();
    return result;
}
