/* The trace of a run and what was found in it. */
#include "core.h"

#include <string.h>

void (*record_announce)(void);

static void record_found(void)
{
    if (record_announce != NULL)
        record_announce();
}

struct event *record_event(struct control *control, int process, enum event_kind kind, uint16_t site)
{
    struct event *event = &control->event[control->events++ % WEAVE_EVENTS];
    *event = (struct event){.process = (uint8_t)process, .kind = (uint8_t)kind, .site = site, .object = -1};
    event->step = control->steps;
    return event;
}

/* The same two places race on every byte and in every round: once is enough. */
static bool record_is_known(const struct control *control, const struct race *race)
{
    for (uint32_t i = 0; i < control->races; i++) {
        const struct race *r = &control->race[i];
        if ((r->site[0] == race->site[0] && r->site[1] == race->site[1]) ||
            (r->site[0] == race->site[1] && r->site[1] == race->site[0]))
            return true;
    }
    return false;
}

void record_race(struct control *control, const struct race *race)
{
    if (control->races >= WEAVE_RACES || record_is_known(control, race))
        return;
    control->race[control->races] = *race;
    control->race[control->races].event = control->events;
    control->races++;
    record_found();
}

struct misuse *record_misuse(struct control *control, int process, enum misuse_kind kind, uint16_t site)
{
    static struct misuse spare; /* written when there is nothing new to record */
    for (uint32_t i = 0; i < control->misuses; i++)
        if (control->misuse[i].kind == kind && control->misuse[i].site == site)
            return &spare;
    if (control->misuses >= WEAVE_MISUSES)
        return &spare;
    struct misuse *misuse = &control->misuse[control->misuses++];
    *misuse = (struct misuse){.kind = (uint8_t)kind, .process = (uint8_t)process, .site = site, .other = -1};
    misuse->object = -1;
    misuse->event = control->events;
    record_found();
    return misuse;
}

static uint32_t record_site_slot(const struct site *site)
{
    uint64_t hash = site->image;
    for (int i = 0; i < site->depth; i++)
        hash = hash_mix(hash, site->pc[i]);
    for (const char *c = site->text; *c != '\0'; c++)
        hash = hash_mix(hash, (uint64_t)*c);
    return (uint32_t)(hash >> 40) & (WEAVE_SITES * 2 - 1);
}

uint16_t record_site(struct control *control, const struct site *site)
{
    for (uint32_t slot = record_site_slot(site);; slot = (slot + 1) & (WEAVE_SITES * 2 - 1)) {
        uint16_t known = control->site_index[slot];
        if (known == WEAVE_NO_SITE) {
            if (control->sites >= WEAVE_SITES - 1)
                return WEAVE_NO_SITE;
            known = (uint16_t)++control->sites;
            control->site[known] = *site;
            control->site_index[slot] = known;
            return known;
        }
        if (memcmp(&control->site[known], site, sizeof *site) == 0)
            return known;
    }
}
