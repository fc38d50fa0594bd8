/*
 * Debugging information, read with libdw of elfutils while the fork servers are alive: their memory maps say
 * which file is mapped where.
 */
#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING = 12, LAYOUT_FIELDS = 512 };

struct field { /* of a layout file */
    uint32_t offset, size;
    char name[64];
};

struct symbols {
    const struct session *session;
    Dwfl *dwfl[WEAVE_IMAGES]; /* per program; NULL until asked for */
    bool alone[WEAVE_IMAGES]; /* without its libraries */
    const char *structure;
    struct field field[LAYOUT_FIELDS];
    int fields;
    struct {
        uint64_t inode;
        bool searched, found;
        Dwarf_Die die;
    } type[WEAVE_SEGMENTS]; /* the structure in each segment */
};

/* Of a fork server: all that it has mapped. NULL where its maps may not be read (proc(5): that needs ptrace's rights).
 */
static Dwfl *symbols_of_process(pid_t process)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    Dwfl *dwfl = dwfl_begin(&callbacks);
    if (dwfl != NULL && dwfl_linux_proc_report(dwfl, process) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0)
        return dwfl;
    dwfl_end(dwfl);
    return NULL;
}

/* Of a file that is loaded at a known place. */
static Dwfl *symbols_of_file(const char *path, uint64_t base)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
    };
    char *real = realpath(path, NULL); /* the name by which the program is found again: see type_search_module */
    Dwfl *dwfl = real == NULL ? NULL : dwfl_begin(&callbacks);
    bool good = dwfl != NULL && dwfl_report_elf(dwfl, real, real, -1, base, true) != NULL &&
                dwfl_report_end(dwfl, NULL, NULL) == 0;
    free(real);
    if (good)
        return dwfl;
    dwfl_end(dwfl);
    return NULL;
}

static Dwfl *symbols_program(struct symbols *symbols, int image)
{
    const struct session *session = symbols->session;
    if (image < 0 || image >= WEAVE_IMAGES || (image >= session->options->programs && image < WEAVE_PROCESSES))
        return NULL;
    if (symbols->dwfl[image] != NULL)
        return symbols->dwfl[image];
    const struct image *known = &session->control->image[image];
    char path[WEAVE_PATH];
    snprintf(path, sizeof path, "%.*s", WEAVE_PATH - 1, known->path);
    bool started = image < WEAVE_PROCESSES; /* by us: its server has it in memory */
    Dwfl *dwfl = started && !session->options->no_maps ? symbols_of_process(session->server[image]) : NULL;
    symbols->alone[image] = dwfl == NULL;
    if (dwfl == NULL)
        dwfl = symbols_of_file(started ? session->options->program[image].path : path, known->base);
    return symbols->dwfl[image] = dwfl;
}

static void symbols_read_layout(struct symbols *symbols, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && symbols->fields < LAYOUT_FIELDS) {
        struct field *field = &symbols->field[symbols->fields];
        if (sscanf(line, "%u %u %63s", &field->offset, &field->size, field->name) == 3)
            symbols->fields++;
    }
    if (file != NULL)
        fclose(file);
}

struct symbols *symbols_open(const struct session *session, const char *layout_file, const char *structure)
{
    struct symbols *symbols = calloc(1, sizeof *symbols);
    if (symbols == NULL)
        return NULL;
    symbols->session = session;
    symbols->structure = structure;
    if (layout_file != NULL)
        symbols_read_layout(symbols, layout_file);
    return symbols;
}

void symbols_close(struct symbols *symbols)
{
    for (int i = 0; symbols != NULL && i < WEAVE_IMAGES; i++)
        if (symbols->dwfl[i] != NULL)
            dwfl_end(symbols->dwfl[i]);
    free(symbols);
}

/* ---- places ---- */

/* A path as the debugging information has it is relative to where the compiler ran, not to where we are. */
static void symbols_set_file(Dwarf_Die *unit, const char *file, struct place *place)
{
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    if (file == NULL || file[0] == '/' || folder == NULL)
        snprintf(place->file, sizeof place->file, "%s", file == NULL ? "" : file);
    else
        snprintf(place->file, sizeof place->file, "%s/%s", folder, strncmp(file, "./", 2) == 0 ? file + 2 : file);
}

static void symbols_read_source(struct place *place)
{
    char line[512];
    FILE *file = fopen(place->file, "re");
    if (file == NULL)
        return;
    for (int i = 1; fgets(line, sizeof line, file) != NULL; i++)
        if (i == place->line) {
            char *text = line + strspn(line, " \t");
            text[strcspn(text, "\n")] = '\0';
            snprintf(place->source, sizeof place->source, "%.*s", (int)sizeof place->source - 1, text);
            break;
        }
    fclose(file);
}

/* "reader.py:12 function" */
static void symbols_script_place(const char *text, struct place *place)
{
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    snprintf(place->file, sizeof place->file, "%.*s", (int)length, text);
    if (colon != NULL) {
        place->line = atoi(colon + 1);
        const char *space = strchr(colon, ' ');
        snprintf(place->function, sizeof place->function, "%s", space == NULL ? "" : space + 1);
    }
}

/* The compilation unit of an address. Looked up by hand, since clang writes no .debug_aranges for libdw's own
 * search. */
static Dwarf_Die *symbols_unit(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = NULL;
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL)
        if (dwarf_haspc(unit, address - *bias) == 1)
            return unit;
    return NULL;
}

/* Compilers give moved code the line 0: the code before it belongs to the same statement more often than not. */
static Dwarf_Line *symbols_line(Dwarf_Die *unit, Dwarf_Addr address)
{
    enum { FARTHEST = 64 };
    Dwarf_Line *line = NULL;
    int number = 0;
    for (int back = 0; unit != NULL && back < FARTHEST && number == 0; back++) {
        Dwarf_Line *at = dwarf_getsrc_die(unit, address - (Dwarf_Addr)back);
        if (at != NULL && dwarf_lineno(at, &number) == 0)
            line = at;
    }
    return line;
}

static bool scope_is_function(Dwarf_Die *scope)
{
    int tag = dwarf_tag(scope);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

/*
 * The functions that an address belongs to, innermost first, to be freed by the caller: those that the
 * compiler has put into another one, and last that other one. dwarf_getscopes leaves the second kind out, see
 * eu-addr2line.
 */
static int symbols_functions(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **functions)
{
    Dwarf_Die *innermost = NULL;
    int found = 0, count = dwarf_getscopes(unit, address, &innermost);
    *functions = NULL;
    if (count > 0)
        count = dwarf_getscopes_die(&innermost[0], functions);
    free(innermost);
    for (int i = 0; i < count; i++)
        if (scope_is_function(&(*functions)[i]))
            (*functions)[found++] = (*functions)[i];
    return found;
}

static Dwarf_Word scope_number(Dwarf_Die *scope, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    dwarf_formudata(dwarf_attr(scope, name, &attribute), &number);
    return number;
}

/* The line from which an inlined function was called. */
static void symbols_call_line(Dwarf_Die *unit, Dwarf_Die *inlined, struct place *place)
{
    Dwarf_Files *files;
    size_t count;
    place->line = (int)scope_number(inlined, DW_AT_call_line);
    Dwarf_Word number = scope_number(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
        return;
    symbols_set_file(unit, dwarf_filesrc(files, number, NULL, NULL), place);
}

/* The place of an address and, with `level`, of the calls that the compiler has inlined there. Returns how
 * many levels there are; `place` is filled in when `level` is below that. */
static int symbols_compiled_place(Dwfl_Module *module, Dwarf_Addr address, int level, struct place *place)
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = symbols_unit(module, address, &bias), *functions = NULL;
    int count = unit == NULL ? 0 : symbols_functions(unit, address - bias, &functions);
    const char *name = level < count ? dwarf_diename(&functions[level]) : dwfl_module_addrname(module, address);
    snprintf(place->function, sizeof place->function, "%s", name == NULL ? "?" : name);
    if (level > 0 && level < count) {
        symbols_call_line(unit, &functions[level - 1], place);
    } else if (level == 0) {
        Dwarf_Line *line = symbols_line(unit, address - bias);
        symbols_set_file(unit, line == NULL ? NULL : dwarf_linesrc(line, NULL, NULL), place);
        if (line != NULL)
            dwarf_lineno(line, &place->line);
    }
    free(functions);
    symbols_read_source(place);
    return count > 0 ? count : 1;
}

static bool symbols_is_own(const struct symbols *symbols, Dwfl_Module *module)
{
    const char *file = NULL;
    if (module != NULL)
        dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &file, NULL);
    return file != NULL && strcmp(file, symbols->session->options->library) == 0;
}

bool symbols_place(struct symbols *symbols, uint16_t number, int depth, struct place *place)
{
    *place = (struct place){0};
    const struct control *control = symbols->session->control;
    if (number == WEAVE_NO_SITE || number >= WEAVE_SITES)
        return false;
    struct site site = control->site[number];
    site.text[sizeof site.text - 1] = '\0';
    if (site.text[0] != '\0') {
        symbols_script_place(site.text, place);
        return depth == 0;
    }
    Dwfl *dwfl = symbols_program(symbols, site.image);
    bool skipping = true; /* the innermost frames, while they are weave's own */
    for (int i = 0; i < site.depth && i < WEAVE_CALLERS; i++) {
        Dwarf_Addr address = site.pc[i] - 1; /* the return address belongs to the next statement */
        Dwfl_Module *module = dwfl == NULL ? NULL : dwfl_addrmodule(dwfl, address);
        int levels = 1;
        *place = (struct place){.function = "?"};
        bool own = module == NULL && symbols->alone[site.image % WEAVE_IMAGES]; /* or of another library */
        skipping = skipping && i + 1 < site.depth && (own || symbols_is_own(symbols, module));
        if (skipping)
            continue;
        if (module != NULL)
            levels = symbols_compiled_place(module, address, depth, place);
        if (depth < levels)
            return true;
        depth -= levels;
    }
    *place = (struct place){0};
    return false;
}

void symbols_short(const struct place *place, char *text, size_t size)
{
    const char *slash = strrchr(place->file, '/');
    if (place->file[0] == '\0')
        snprintf(text, size, "%s", place->function[0] == '\0' ? "?" : place->function);
    else
        snprintf(text, size, "%s:%d", slash == NULL ? place->file : slash + 1, place->line);
}

/* ---- fields ---- */

static bool type_strip(Dwarf_Die *type)
{
    for (int i = 0; i < NESTING; i++) {
        switch (dwarf_tag(type)) {
        case DW_TAG_typedef:
        case DW_TAG_const_type:
        case DW_TAG_volatile_type:
        case DW_TAG_atomic_type:
        case DW_TAG_restrict_type: {
            Dwarf_Attribute attribute;
            if (dwarf_formref_die(dwarf_attr_integrate(type, DW_AT_type, &attribute), type) == NULL)
                return false;
            break;
        }
        default:
            return true;
        }
    }
    return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

static bool type_size(Dwarf_Die *type, Dwarf_Word *size)
{
    return dwarf_aggregate_size(type, size) == 0;
}

/* How far a member reaches: a flexible array member (C17 6.7.2.1, 18) has no size, and goes on to the end. */
static bool type_reach(Dwarf_Die *type, Dwarf_Word *length)
{
    Dwarf_Die bare = *type;
    if (type_size(type, length) && *length > 0)
        return true;
    *length = UINT32_MAX;
    return type_strip(&bare) && dwarf_tag(&bare) == DW_TAG_array_type;
}

static bool type_member_offset(Dwarf_Die *member, Dwarf_Word *offset)
{
    Dwarf_Attribute attribute;
    *offset = 0;
    if (dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute) == NULL)
        return true; /* a member of a union */
    return dwarf_formudata(&attribute, offset) == 0;
}

static bool die_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
    Dwarf_Attribute attribute;
    return dwarf_attr_integrate(die, name, &attribute) != NULL && dwarf_formudata(&attribute, number) == 0;
}

/* The bytes that a bit-field is in, the last one included; false for another member. DWARF 5, 5.7.6: its first bit
 * counts from the beginning of the structure. DWARF 4, 5.5.6, as gcc writes it: from the highest bit of a unit of
 * storage. */
static bool bit_field_bytes(Dwarf_Die *member, Dwarf_Die *of, Dwarf_Word *first, Dwarf_Word *last)
{
    Dwarf_Word bits, bit = 0, from_highest, unit, start = 0;
    if (!die_number(member, DW_AT_bit_size, &bits) || bits == 0)
        return false;
    if (!die_number(member, DW_AT_data_bit_offset, &bit) && die_number(member, DW_AT_bit_offset, &from_highest) &&
        (die_number(member, DW_AT_byte_size, &unit) || type_size(of, &unit)) && type_member_offset(member, &start))
        bit = (start + unit) * CHAR_BIT - from_highest -
              bits; /* where the lowest bit is the first, as on all that we know */
    *first = bit / CHAR_BIT;
    *last = (bit + bits - 1) / CHAR_BIT;
    return true;
}

static void text_append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static void type_describe(Dwarf_Die *type, Dwarf_Word offset, char *text, size_t size, int depth);

/* "flags.ready/seen": names of all bit-fields of that byte, which is one memory location (C17 3.14, 3). False: none. */
static bool type_describe_bits(Dwarf_Die *type, Dwarf_Word offset, char *text, size_t size)
{
    Dwarf_Die member, of;
    Dwarf_Word first, last;
    const char *separator = text[0] == '\0' ? "" : ".";
    bool any = false;
    if (dwarf_child(type, &member) != 0)
        return false;
    do {
        const char *name = dwarf_diename(&member);
        if (name == NULL || dwarf_tag(&member) != DW_TAG_member || !type_of(&member, &of) ||
            !bit_field_bytes(&member, &of, &first, &last) || offset < first || offset > last)
            continue;
        text_append(text, size, separator);
        text_append(text, size, name);
        separator = "/";
        any = true;
    } while (dwarf_siblingof(&member, &member) == 0);
    return any;
}

/* The member, not a bit-field, that has this byte. */
static bool type_member_at(Dwarf_Die *type, Dwarf_Word offset, Dwarf_Die *member, Dwarf_Die *of, Dwarf_Word *start)
{
    Dwarf_Word length, bits;
    if (dwarf_child(type, member) != 0)
        return false;
    do {
        if (dwarf_tag(member) == DW_TAG_member && !die_number(member, DW_AT_bit_size, &bits) &&
            type_member_offset(member, start) && type_of(member, of) && type_reach(of, &length) && offset >= *start &&
            offset < *start + length)
            return true;
    } while (dwarf_siblingof(member, member) == 0);
    return false;
}

static void type_describe_struct(Dwarf_Die *type, Dwarf_Word offset, char *text, size_t size, int depth)
{
    Dwarf_Die member, of;
    Dwarf_Word start;
    if (type_describe_bits(type, offset, text, size))
        return;
    if (!type_member_at(type, offset, &member, &of, &start)) {
        text_append(text, size, text[0] == '\0' ? "padding" : ".padding");
        return;
    }
    const char *name = dwarf_diename(&member);
    if (name != NULL) {
        if (text[0] != '\0')
            text_append(text, size, ".");
        text_append(text, size, name);
    }
    type_describe(&of, offset - start, text, size, depth + 1);
}

static void type_describe_array(Dwarf_Die *type, Dwarf_Word offset, char *text, size_t size, int depth)
{
    Dwarf_Die element;
    Dwarf_Word length;
    if (!type_of(type, &element) || !type_size(&element, &length) || length == 0)
        return;
    enum { CHARACTER = 1 };
    if (length == CHARACTER)
        return; /* "message" says more than "message[17]" */
    char index[32];
    snprintf(index, sizeof index, "[%llu]", (unsigned long long)(offset / length));
    text_append(text, size, index);
    type_describe(&element, offset % length, text, size, depth + 1);
}

static void type_describe(Dwarf_Die *type, Dwarf_Word offset, char *text, size_t size, int depth)
{
    Dwarf_Die bare = *type;
    if (depth > NESTING || !type_strip(&bare))
        return;
    int tag = dwarf_tag(&bare);
    /* What is inside the C library's own types is nobody's business. */
    const char *name = dwarf_diename(type);
    if (name != NULL && (strncmp(name, "pthread_", 8) == 0 || strcmp(name, "sem_t") == 0))
        return;
    if (tag == DW_TAG_structure_type || tag == DW_TAG_union_type)
        type_describe_struct(&bare, offset, text, size, depth);
    else if (tag == DW_TAG_array_type)
        type_describe_array(&bare, offset, text, size, depth);
}

struct type_query {
    const char *name, *program; /* of the structure, or NULL; of the file that it is looked for in */
    uint32_t size;
    bool flexible; /* a smaller one that ends with a flexible array member will do */
    Dwarf_Die *found;
    bool success;
};

static bool type_ends_flexible(Dwarf_Die *structure)
{
    Dwarf_Die member, last, of;
    Dwarf_Word length;
    bool any = false;
    if (dwarf_child(structure, &member) != 0)
        return false;
    do
        if (dwarf_tag(&member) == DW_TAG_member) {
            last = member;
            any = true;
        }
    while (dwarf_siblingof(&member, &member) == 0);
    return any && type_of(&last, &of) && type_reach(&of, &length) && length == UINT32_MAX;
}

/* Whether `die` is the structure looked for: by name, or by size among those that the program's own files declare. */
static bool type_matches(Dwarf_Die *die, const struct type_query *query)
{
    int tag = dwarf_tag(die);
    if (tag != DW_TAG_structure_type && tag != DW_TAG_typedef)
        return false;
    const char *own = dwarf_diename(die);
    if (query->name != NULL)
        return own != NULL && strcmp(own, query->name) == 0;
    const char *file = dwarf_decl_file(die);
    Dwarf_Word bytes;
    Dwarf_Die bare = *die;
    if ((file != NULL && strncmp(file, "/usr/", 5) == 0) || !type_strip(&bare) ||
        dwarf_tag(&bare) != DW_TAG_structure_type || !type_size(&bare, &bytes))
        return false;
    return query->flexible ? bytes > 0 && bytes < query->size && type_ends_flexible(&bare) : bytes == query->size;
}

/* In a compilation unit, and in its functions and their blocks. */
static bool type_search_scope(Dwarf_Die *scope, const struct type_query *query, int depth)
{
    Dwarf_Die die;
    if (depth > NESTING || dwarf_child(scope, &die) != 0)
        return false;
    do {
        Dwarf_Attribute attribute;
        int tag = dwarf_tag(&die);
        if (type_matches(&die, query) && dwarf_attr(&die, DW_AT_declaration, &attribute) == NULL) {
            *query->found = die;
            return type_strip(query->found);
        }
        if ((tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block) && type_search_scope(&die, query, depth + 1))
            return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

/* Only in the program itself: a library's structures of the same size have nothing to do with its memory. */
static int type_search_module(Dwfl_Module *module, void **data, const char *file, Dwarf_Addr base, void *argument)
{
    (void)data, (void)file, (void)base;
    struct type_query *query = argument;
    Dwarf_Addr bias;
    Dwarf_Die *unit = NULL;
    const char *name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    if (name == NULL || strcmp(name, query->program) != 0)
        return DWARF_CB_OK;
    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL)
        if (type_search_scope(unit, query, 0)) {
            query->success = true;
            return DWARF_CB_ABORT;
        }
    return DWARF_CB_OK;
}

static bool type_search_programs(struct symbols *symbols, struct type_query *query)
{
    const struct session *session = symbols->session;
    for (int i = 0; i < WEAVE_IMAGES && !query->success; i++) {
        bool started = i < session->options->programs, other = i >= WEAVE_PROCESSES;
        if ((!started && !other) || (other && (uint32_t)i - WEAVE_PROCESSES >= session->control->images))
            continue;
        Dwfl *dwfl = other || session->options->program[i].instrumented ? symbols_program(symbols, i) : NULL;
        char name[WEAVE_PATH];
        snprintf(name, sizeof name, "%.*s", WEAVE_PATH - 1, session->control->image[i].path);
        char *path = realpath(other ? name : session->options->program[i].path, NULL);
        query->program = path;
        if (dwfl != NULL && path != NULL)
            dwfl_getmodules(dwfl, type_search_module, query, 0);
        free(path);
    }
    return query->success;
}

static bool type_search(struct symbols *symbols, const char *name, uint32_t size, Dwarf_Die *found)
{
    struct type_query exact = {.name = name, .size = size, .found = found};
    struct type_query flexible = {.size = size, .found = found, .flexible = true};
    return type_search_programs(symbols, &exact) || (name == NULL && type_search_programs(symbols, &flexible));
}

bool symbols_has_structure(struct symbols *symbols)
{
    Dwarf_Die found;
    return type_search(symbols, symbols->structure, 0, &found);
}

bool symbols_has_layout(const struct symbols *symbols)
{
    return symbols->fields > 0;
}

const struct segment *symbols_segment(const struct symbols *symbols, uint32_t where, uint32_t *offset)
{
    const struct control *control = symbols->session->control;
    for (uint32_t i = 0; i < control->segments && i < WEAVE_SEGMENTS; i++) {
        const struct segment *s = &control->segment[i];
        if (where >= s->base && where - s->base < s->size) {
            *offset = where - s->base;
            return s;
        }
    }
    return NULL;
}

static void symbols_layout_field(const struct symbols *symbols, uint32_t offset, char *text, size_t size)
{
    for (int i = 0; i < symbols->fields; i++) {
        const struct field *field = &symbols->field[i];
        if (offset >= field->offset && offset - field->offset < field->size)
            snprintf(text, size, "%s", field->name);
    }
}

void symbols_field(struct symbols *symbols, uint32_t where, char *text, size_t size)
{
    uint32_t offset;
    const struct segment *segment = symbols_segment(symbols, where, &offset);
    text[0] = '\0';
    if (segment == NULL)
        return;
    if (symbols->fields > 0) {
        symbols_layout_field(symbols, offset, text, size);
        return;
    }
    ptrdiff_t index = segment - symbols->session->control->segment;
    if (!symbols->type[index].searched || symbols->type[index].inode != segment->inode) {
        symbols->type[index].searched = true;
        symbols->type[index].inode = segment->inode;
        symbols->type[index].found =
            type_search(symbols, symbols->structure, segment->asked, &symbols->type[index].die);
    }
    if (symbols->type[index].found)
        type_describe(&symbols->type[index].die, offset, text, size, 0);
}

void symbols_location(struct symbols *symbols, uint32_t where, char *text, size_t size)
{
    uint32_t offset;
    char field[128];
    const struct segment *segment = symbols_segment(symbols, where, &offset);
    symbols_field(symbols, where, field, sizeof field);
    if (segment == NULL)
        snprintf(text, size, "private memory");
    else if (field[0] == '\0')
        snprintf(text, size, "byte %u of %.*s", offset, WEAVE_NAME, segment->name);
    else
        snprintf(text, size, "`%s` (byte %u of %.*s)", field, offset, WEAVE_NAME, segment->name);
}
