/* The whole slot job in C: what slotgraph.core is measured against. For each employee weekly rules and a zone become openings,
 * the busy spans (unsorted, overlapping) are sorted, merged and subtracted, the rest is cut on the grid; then the union over all
 * employees, each start once, with how many can take it. Minutes since the Unix epoch throughout, spans are [start, end).
 *
 * Plain and quick, not clever. What the workloads do not have is not here: absences, buffers, openings of one employee that
 * overlap or meet. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 1440, THURSDAY = 3 }; /* 1970-01-01 was a Thursday; Monday is 0 */

typedef struct {
    int32_t start, end;
} Span;

/* An opening on one weekday, in minutes of the wall clock's day; end <= start runs past midnight. */
typedef struct {
    int32_t weekday, start, end;
} Rule;

/* From the minute at[i] on, and before at[i + 1], wall time is UTC + ahead[i]. at[0] lies before anything asked. */
typedef struct {
    int32_t count;
    const int32_t *at, *ahead;
} Zone;

/* What employees are asked for; busy spans of employee i are busy[first[i]] to busy[first[i + 1]]. */
typedef struct {
    Span window;
    int32_t duration, interval, employees, rule_count;
    const Rule *rules;
    const Zone *zone;
    const Span *busy;
    const int32_t *first;
} Job;

static int32_t floor_div(int32_t a, int32_t b) {
    return a / b - (a % b < 0);
}

static int32_t max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static int32_t min(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Which piece of the zone's table a UTC minute lies in. */
static int32_t piece_of(const Zone *zone, int32_t minute) {
    int32_t low = 0, high = zone->count;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= minute)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A wall time in UTC: inside a gap the gap's end; if there are two, the first, or the last if asked (rule A1). */
static int32_t utc_from_wall(const Zone *zone, int32_t wall, int last) {
    for (int32_t i = piece_of(zone, wall - DAY);; i++) {
        int32_t utc = wall - zone->ahead[i];
        if (utc < zone->at[i])
            return zone->at[i];
        if (i + 1 == zone->count)
            return utc;
        if (utc < zone->at[i + 1]) {
            int32_t again = wall - zone->ahead[i + 1];
            return last && again >= zone->at[i + 1] ? again : utc;
        }
    }
}

static int32_t local_day(const Zone *zone, int32_t minute) {
    return floor_div(minute + zone->ahead[piece_of(zone, minute)], DAY);
}

/* The openings that touch the window, in order; returns how many. */
static int32_t expand(const Job *job, Span *openings) {
    const Zone *zone = job->zone;
    int32_t count = 0, last = local_day(zone, job->window.end);
    for (int32_t day = local_day(zone, job->window.start) - 1; day <= last; day++) {
        int32_t weekday = (day + THURSDAY) % 7;
        for (int32_t i = 0; i < job->rule_count; i++) {
            const Rule *rule = &job->rules[i];
            if (rule->weekday != weekday)
                continue;
            int32_t close = rule->end > rule->start ? rule->end : rule->end + DAY;
            Span one = {utc_from_wall(zone, day * DAY + rule->start, 0), utc_from_wall(zone, day * DAY + close, 1)};
            if (one.start < one.end && one.start < job->window.end && one.end > job->window.start)
                openings[count++] = one;
        }
    }
    return count;
}

/* Sort by start: insertion in short runs, then merging runs from one array into the other. Returns the sorted one. */
static Span *sorted(Span *spans, Span *spare, int32_t count) {
    enum { RUN = 12 };
    for (int32_t low = 0; low < count; low += RUN) {
        int32_t high = min(low + RUN, count);
        for (int32_t i = low + 1; i < high; i++) {
            Span one = spans[i];
            int32_t at = i;
            for (; at > low && spans[at - 1].start > one.start; at--)
                spans[at] = spans[at - 1];
            spans[at] = one;
        }
    }
    for (int32_t width = RUN; width < count; width *= 2) {
        for (int32_t low = 0; low < count; low += 2 * width) {
            int32_t middle = min(low + width, count), high = min(low + 2 * width, count);
            int32_t left = low, right = middle;
            for (int32_t to = low; to < high; to++)
                spare[to] = left < middle && (right == high || spans[left].start <= spans[right].start) ? spans[left++]
                                                                                                        : spans[right++];
        }
        Span *swap = spans;
        spans = spare;
        spare = swap;
    }
    return spans;
}

/* Join sorted spans that overlap or meet, in place; returns how many are left. */
static int32_t merge(Span *spans, int32_t count) {
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        if (kept && spans[i].start <= spans[kept - 1].end)
            spans[kept - 1].end = max(spans[kept - 1].end, spans[i].end);
        else
            spans[kept++] = spans[i];
    }
    return kept;
}

/* Starts in one free piece of an opening, on the grid that begins with the opening (rule S2); returns the new count. */
static int32_t cut(const Job *job, Span opening, Span piece, int32_t *starts, int32_t count) {
    int32_t past = (max(piece.start, job->window.start) - opening.start) % job->interval;
    int32_t start = max(piece.start, job->window.start) + (past ? job->interval - past : 0);
    for (; start + job->duration <= piece.end && start < job->window.end; start += job->interval)
        starts[count++] = start;
    return count;
}

/* The starts one employee can take, sorted, given merged busy spans; returns how many. */
static int32_t offered(const Job *job, const Span *openings, int32_t opening_count, const Span *busy, int32_t busy_count,
                       int32_t *starts) {
    int32_t count = 0, at = 0;
    for (int32_t i = 0; i < opening_count; i++) {
        int32_t free_from = openings[i].start;
        while (at < busy_count && busy[at].end <= free_from)
            at++;
        for (int32_t b = at; b < busy_count && busy[b].start < openings[i].end; b++) {
            count = cut(job, openings[i], (Span){free_from, busy[b].start}, starts, count);
            free_from = busy[b].end;
        }
        count = cut(job, openings[i], (Span){free_from, openings[i].end}, starts, count);
    }
    return count;
}

/* The union of two sorted lists of starts, and how many can take each; returns how many there are. */
static int32_t unite(const int32_t *starts, int32_t count, const int32_t *known, const int32_t *known_takers,
                     int32_t known_count, int32_t *result, int32_t *result_takers) {
    int32_t left = 0, right = 0, to = 0;
    while (left < count || right < known_count) {
        int takes_left = right == known_count || (left < count && starts[left] <= known[right]);
        int takes_right = left == count || (right < known_count && known[right] <= starts[left]);
        result[to] = takes_left ? starts[left] : known[right];
        result_takers[to] = takes_left + (takes_right ? known_takers[right] : 0);
        left += takes_left;
        right += takes_right;
        to++;
    }
    return to;
}

/* One employee's busy spans, sorted and merged; those of no length block nothing (rule S7). Returns how many. */
static int32_t tidy(const Job *job, int32_t employee, Span **busy, Span *spare) {
    int32_t count = 0;
    for (int32_t i = job->first[employee]; i < job->first[employee + 1]; i++)
        if (job->busy[i].start < job->busy[i].end)
            (*busy)[count++] = job->busy[i];
    *busy = sorted(*busy, spare, count);
    return merge(*busy, count);
}

/* The whole job. `starts` and `takers` have room for one start per minute of the window; returns how many, -1 without memory. */
int32_t slots(const Job *job, int32_t *starts, int32_t *takers) {
    int32_t room = job->window.end - job->window.start, most = 0, count = 0;
    for (int32_t i = 0; i < job->employees; i++)
        most = max(most, job->first[i + 1] - job->first[i]);
    Span *openings = malloc(sizeof(Span) * (size_t)(room / DAY + 4) * (size_t)max(job->rule_count, 1));
    Span *spans = malloc(sizeof(Span) * 2 * (size_t)max(most, 1));
    int32_t *own = malloc(sizeof(int32_t) * 3 * (size_t)max(room, 1));
    if (!openings || !spans || !own) {
        free(openings), free(spans), free(own);
        return -1;
    }
    int32_t *united = own + room, *united_takers = united + room;
    for (int32_t i = 0; i < job->employees; i++) {
        Span *busy = spans;
        int32_t opening_count = expand(job, openings);
        int32_t busy_count = tidy(job, i, &busy, spans + most);
        int32_t found = offered(job, openings, opening_count, busy, busy_count, own);
        count = unite(own, found, starts, takers, count, united, united_takers);
        memcpy(starts, united, sizeof(int32_t) * (size_t)count);
        memcpy(takers, united_takers, sizeof(int32_t) * (size_t)count);
    }
    free(openings), free(spans), free(own);
    return count;
}

/* The job again and again, so that one call from Python is too small to count. */
int32_t slots_repeated(const Job *job, int32_t *starts, int32_t *takers, int32_t times) {
    int32_t count = 0;
    while (times-- > 0)
        count = slots(job, starts, takers);
    return count;
}

/* For comparing machines: additions and shifts that depend on each other, as in xorshift. */
uint32_t calibrate(uint32_t rounds) {
    uint32_t x = 2463534242u;
    for (uint32_t i = 0; i < rounds; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    }
    return x;
}
