import { HoldfastError } from '@holdfast/core'
import { runMigration } from '../postgres/migrations.ts'
import { fieldsOf, type PostgresClient, queriesOf } from '../postgres/postgres-client.ts'
import { quotedTable } from '../postgres/table-name.ts'

export const DEFAULT_PROGRESS_TABLE = 'holdfast_progress'
/** It is added to the name of the table. */
const DONE_SUFFIX = '_done'

/**
 * From its note on a transaction holds its partition, and nothing but its commit is left. A process that stands still just then, or
 * is cut off, is parted from it after so long, or nobody could take the partition over.
 */
const NOTED_MS = 10_000

/** What is asked of the two tables. */
export interface ProgressStatements {
  /**
   * Group, topics, partitions, owner → topic, partition, epoch, position and reset_to of each that no transaction holds right
   * now.
   */
  readonly claimFree: string
  /** Group, topic, partition, owner → the same of one; it waits for a transaction that holds the partition. */
  readonly claim: string
  /** Group, topics, partitions → topic, partition and offset of all that is done past their positions. */
  readonly done: string
  /** Group, topic, partition, epoch, offsets → whether the partition is ours, and how many of the offsets were not done before. */
  readonly note: string
  /** Group, topic, partition, epoch, offset: everything before it is settled. */
  readonly advance: string
  /** Group, topic, partition, epoch, offset: a position past it was outside the log, which goes on from there. */
  readonly reset: string
}

/** @throws HF_OPTION_INVALID */
export function progressStatements(table: string): ProgressStatements {
  const [owners, done] = names(table)
  const place = 'group_id = $1 and topic = $2 and partition = $3'
  const columns = '(group_id, topic, partition, owner, epoch, position)'
  const takeOver = `on conflict (group_id, topic, partition) do update set owner = excluded.owner,
  epoch = known.epoch + case when known.owner = excluded.owner then 0 else 1 end
returning topic, partition, epoch, position, reset_to`
  return {
    claimFree: `with asked as (
  select * from unnest($2::text[], $3::integer[]) as asked (topic, partition)
), there as (
  select topic, partition from ${owners} join asked using (topic, partition) where group_id = $1
), free as materialized (
  select topic, partition from ${owners} as known join asked using (topic, partition) where group_id = $1
  for update of known skip locked
)
insert into ${owners} as known ${columns} select $1, topic, partition, $4, 1, -1
from (table free union all (table asked except table there)) as taken order by topic, partition
${takeOver}`,
    claim: `insert into ${owners} as known ${columns} values ($1, $2, $3, $4, 1, -1)
${takeOver}`,
    done: `select topic, partition, "offset" from ${done}
  join unnest($2::text[], $3::integer[]) as asked (topic, partition) using (topic, partition) where group_id = $1`,
    // What is before the position was done, and its note is gone.
    note: `with ours as (
  select position from ${owners} where ${place} and epoch = $4 for share
), noted as (
  insert into ${done} (group_id, topic, partition, "offset")
  select $1, $2, $3, asked from unnest($5::bigint[]) as asked join ours on asked >= ours.position
  on conflict do nothing returning 1
)
select (select count(*) from ours)::int as owned, (select count(*) from noted)::int as noted,
  set_config('idle_in_transaction_session_timeout', '${NOTED_MS}', true)`,
    advance: `with moved as (
  update ${owners} set position = greatest(position, $5) where ${place} and epoch = $4 returning position
)
delete from ${done} using moved where ${place} and "offset" < moved.position`,
    reset: `update ${owners} set reset_to = $5 where ${place} and epoch = $4 and position > $5`,
  }
}

/**
 * The SQL that makes the tables of `inTransaction`, for a migration tool of yours; run again it changes nothing.
 * @throws HF_OPTION_INVALID
 */
export function progressSql(table: string = DEFAULT_PROGRESS_TABLE): string {
  return `${tables(table).join(';\n')};\n`
}

/**
 * Makes the tables of `inTransaction` where they are not there yet. Members may do so at the same time.
 * @throws HF_OPTION_INVALID; what the client throws
 */
export async function migrateProgress(client: PostgresClient, table: string = DEFAULT_PROGRESS_TABLE): Promise<void> {
  await runMigration(queriesOf(client, 'migrateProgress'), tables(table))
}

/** Partitions of a group; without a number those of the whole topic. */
export interface ProgressPlace {
  readonly groupId: string
  readonly topic: string
  readonly partition?: number
}

/**
 * Says that in these partitions everything before `position` is done, and nothing past it: 0 for a topic that was created anew. For
 * partitions that wait with `HF_PROGRESS_CONFLICT`, which go on then, and for those that nobody consumes.
 * @returns how many partitions there were
 * @throws HF_OPTION_INVALID; what the client throws
 */
export async function setProgress(
  client: PostgresClient,
  { groupId, topic, partition }: ProgressPlace,
  position: number,
  table: string = DEFAULT_PROGRESS_TABLE,
): Promise<number> {
  if (!Number.isSafeInteger(position) || position < 0)
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `position = ${position} of setProgress is not allowed: it must be an offset, a whole number of at least 0.\n  Fix: correct position.`,
      { details: { option: 'position' } },
    )
  const [owners, done] = names(table)
  const [row] = await queriesOf(client, 'setProgress')(
    `with moved as (
  update ${owners} set position = $4, reset_to = null
  where group_id = $1 and topic = $2 and partition = coalesce($3, partition) returning group_id, topic, partition
), undone as (
  delete from ${done} using moved where ${done}.group_id = moved.group_id and ${done}.topic = moved.topic
    and ${done}.partition = moved.partition and "offset" >= $4
)
select count(*)::int as moved from moved`,
    [groupId, topic, partition ?? null, position],
  )
  return Number(fieldsOf(row)[0])
}

function tables(table: string): readonly string[] {
  const [owners, done] = names(table)
  const place = 'group_id text not null, topic text not null, partition integer not null'
  return [
    `create table if not exists ${owners} (
  ${place}, owner text not null, epoch bigint not null, position bigint not null, reset_to bigint,
  primary key (group_id, topic, partition)
)`,
    `create table if not exists ${done} (
  ${place}, "offset" bigint not null,
  primary key (group_id, topic, partition, "offset")
)`,
  ]
}

function names(table: string): readonly [owners: string, done: string] {
  return [quotedTable(table), quotedTable(`${table}${DONE_SUFFIX}`)]
}
