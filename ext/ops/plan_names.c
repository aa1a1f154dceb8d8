/*
** plan_names.c - views and triggers that name what will not be there (contract in plan_names.h).
**
** SQLite creates them all the same and fails at their first use: every INSERT into a table then, that
** has such a trigger. So it is said before.
*/
#include "ops/plan_names.h"

#include <string.h>

#include "base/mem.h"
#include "db/mention.h"

typedef struct Namer {
  AdcpPlan *plan;
  const AdcpSchema *backup;
  AdcpNameMap live; /* relations of the database */
  bool *comes;      /* owned: for each of the backup's objects, as one of plan->objects */
  const AdcpPlanObject *object; /* whose text is looked at */
  AdcpError *err;
} Namer;

/* A shadow table comes with its virtual table. */
static const AdcpPlanTable *owner_of(const AdcpPlan *plan, const AdcpPlanTable *entry) {
  const char *owner = entry->source->shadow_of;
  return owner ? adcp_map_get(&plan->by_source, owner, strlen(owner)) : entry;
}

static bool comes(const Namer *namer, const AdcpObject *relation, const AdcpPlanTable *table) {
  if( table ) {
    const AdcpPlanTable *entry = owner_of(namer->plan, table);
    return entry && (entry->create || entry->schema_row_only || entry->fill);
  }
  return namer->comes[relation - namer->backup->objects];
}

static void look_at(void *context, const AdcpObject *relation) {
  Namer *namer = context;
  const char *type = adcp_object_type_name(namer->object->object->type);
  const char *self = namer->object->name, *name = relation->name;
  const AdcpPlanTable *table = adcp_map_get(&namer->plan->by_source, name, strlen(name));
  if( !comes(namer, relation, table) ) {
    if( adcp_name_map_get(&namer->live, name, strlen(name), namer->err) ) return;
    adcp_plan_warn(namer->plan, namer->err,
                   "%s \"%.200s\" names \"%.200s\", which is neither restored nor in the database",
                   type, self, name);
  } else if( table && strcmp(table->target, name) != 0 ) {
    adcp_plan_warn(
        namer->plan, namer->err,
        "%s \"%.200s\" names \"%.200s\", which is restored as \"%.200s\"; its text stays as it is",
        type, self, name, table->target);
  }
}

void adcp_plan_warn_of_names(AdcpPlan *plan, const AdcpSchema *backup, const AdcpSchema *live,
                             AdcpError *err) {
  Namer namer = {.plan = plan, .backup = backup, .err = err};
  AdcpNameMap relations = {0};
  namer.comes = adcp_calloc(backup->object_count + 1, sizeof *namer.comes);
  if( namer.comes == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < plan->object_count && namer.comes; i++ ) {
    namer.comes[plan->objects[i].object - backup->objects] = true;
  }
  adcp_mention_relations(&relations, backup, err);
  adcp_mention_relations(&namer.live, live, err);
  for( size_t i = 0; i < plan->object_count && !err->rc; i++ ) {
    namer.object = &plan->objects[i];
    if( namer.object->object->type == ADCP_OBJECT_INDEX ) continue;
    adcp_mention_each(namer.object->object, &relations, look_at, &namer, err);
  }
  adcp_name_map_free(&relations);
  adcp_name_map_free(&namer.live);
  adcp_free(namer.comes);
}

/* Triggers have names of their own: an index may be called as one. */
static void map_made(const AdcpPlan *plan, AdcpNameMap made[2], AdcpError *err) {
  for( size_t i = 0; i < plan->object_count && !err->rc; i++ ) {
    const AdcpPlanObject *object = &plan->objects[i];
    bool is_trigger = object->object->type == ADCP_OBJECT_TRIGGER;
    adcp_name_map_put(&made[is_trigger], object->name, (void *)object, err);
  }
}

/* Tables, and views that come back as views: of one whose name becomes a table's it is said by itself. */
static void map_drops(const AdcpPlan *plan, AdcpNameMap *made, AdcpNameMap *dropped,
                      AdcpError *err) {
  for( size_t i = 0; i < plan->drop_count && !err->rc; i++ ) {
    const AdcpObject *drop = plan->drops[i];
    bool goes = drop->type == ADCP_OBJECT_TABLE;
    if( drop->type == ADCP_OBJECT_VIEW ) {
      goes = adcp_name_map_get(made, drop->name, strlen(drop->name), err) != NULL;
    }
    if( goes ) adcp_name_map_put(dropped, drop->name, (void *)drop, err);
  }
}

static bool is_lost(const AdcpObject *object, const AdcpSchema *live, AdcpNameMap *dropped,
                    AdcpNameMap made[2], AdcpError *err) {
  bool is_trigger = object->type == ADCP_OBJECT_TRIGGER;
  if( object->sql == NULL || !(is_trigger || object->type == ADCP_OBJECT_INDEX) ) return false;
  const AdcpTable *table = adcp_schema_table(live, object->tbl_name);
  const char *goes_with = table && table->shadow_of ? table->shadow_of : object->tbl_name;
  if( adcp_name_map_get(dropped, goes_with, strlen(goes_with), err) == NULL ) return false;
  const AdcpPlanObject *again =
      adcp_name_map_get(&made[is_trigger], object->name, strlen(object->name), err);
  return again == NULL || sqlite3_stricmp(again->on, object->tbl_name) != 0;
}

void adcp_plan_warn_of_losses(AdcpPlan *plan, const AdcpSchema *live, AdcpError *err) {
  AdcpNameMap dropped = {0}, made[2] = {0};
  if( plan->whole || plan->merge || plan->data_only || err->rc ) return;
  map_made(plan, made, err);
  map_drops(plan, &made[0], &dropped, err);
  for( size_t i = 0; dropped.map.count && i < live->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &live->objects[i];
    if( !is_lost(object, live, &dropped, made, err) ) continue;
    adcp_plan_warn(
        plan, err,
        "%s \"%.200s\" on \"%.200s\" goes with what it stands on, and does not come back "
        "with the backup's; create it again afterwards",
        adcp_object_type_name(object->type), object->name, object->tbl_name);
  }
  adcp_name_map_free(&dropped);
  for( int i = 0; i < 2; i++ ) adcp_name_map_free(&made[i]);
}

void adcp_plan_warn_of_parts(AdcpPlan *plan, const AdcpSchema *live, AdcpError *err) {
  AdcpMap dropped = {0};
  for( size_t i = 0; plan->data_only && i < plan->drop_count && !err->rc; i++ ) {
    const AdcpObject *drop = plan->drops[i];
    adcp_map_put(&dropped, drop->name, strlen(drop->name), (void *)drop, err);
  }
  for( size_t i = 0; dropped.count && i < live->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &live->objects[i];
    if( !adcp_schema_is_on_shadow(live, object) ) continue;
    const char *owner = adcp_schema_table(live, object->tbl_name)->shadow_of;
    if( adcp_map_get(&dropped, owner, strlen(owner)) == NULL ) continue;
    adcp_plan_warn(
        plan, err,
        "%s \"%.200s\" on \"%.200s\" goes with virtual table \"%.200s\", which data_only "
        "makes anew; create it again afterwards",
        adcp_object_type_name(object->type), object->name, object->tbl_name, owner);
  }
  adcp_map_free(&dropped);
}
