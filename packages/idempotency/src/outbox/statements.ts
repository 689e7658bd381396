/** The statements of an outbox, over its quoted table. */
export interface OutboxStatements {
  /** Takes arrays with an entry for each record, bytes as base64: the text that all clients send alike. */
  readonly enqueue: string
  /** Whether this transaction is the only relay until it ends; `$1` bounds, in ms, how long it may stand still meanwhile. */
  readonly lock: string
  /** What comes first, without the topics of `$1`, up to `$2` rows and `$3` bytes, one row at the least. */
  readonly read: string
  readonly remove: string
}

export function outboxStatements(table: string): OutboxStatements {
  return {
    enqueue: `insert into ${table} (message_id, topic, record_partition, key, value, headers, record_timestamp)
select message_id, topic, record_partition, decode(key, 'base64'), decode(value, 'base64'), headers, record_timestamp
from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::bigint[])
  with ordinality as given (message_id, topic, record_partition, key, value, headers, record_timestamp, at)
order by at`,
    // By its oid a table has one lock, whether its name is written with its schema or without.
    lock: `select pg_try_advisory_xact_lock(hashtextextended('holdfast outbox ' || '${table}'::regclass::oid, 0)) as ok,
  set_config('idle_in_transaction_session_timeout', $1::text, true)`,
    read: `select id::text, message_id::text, topic, record_partition, key, value, headers, record_timestamp::text
from (
  select *, sum(size) over (order by id) as total
  from (
    select *, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) + octet_length(headers) as size
    from ${table} where topic <> all($1::text[]) order by id limit $2::integer
  ) as first
) as summed
where total - size < $3::bigint order by summed.id`,
    remove: `delete from ${table} where id = any($1::bigint[])`,
  }
}
