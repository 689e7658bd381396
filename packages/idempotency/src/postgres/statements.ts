/** The statements of a store, over its quoted table. Each takes literals of arrays with an entry for each key. */
export interface Statements {
  readonly claim: string
  readonly look: string
  readonly renew: string
  readonly complete: string
  readonly release: string
  readonly cleanUp: string
  readonly check: string
}

/** Looked at once for a statement: it may wait for a row, but for less than a window, after which a row can be deleted. */
const NOW = '(select clock_timestamp())'
const NOW_US = '(select (extract(epoch from clock_timestamp()) * 1000000)::bigint)'

export function statementsOf(table: string): Statements {
  return {
    claim: claim(table),
    look: look(table),
    renew: write(
      table,
      "known.state = 'claimed'",
      `lease_end = clock_timestamp() + excluded.result::bigint * interval '1 millisecond',
    expires = greatest(known.expires, clock_timestamp() + excluded.result::bigint * interval '1 millisecond')`,
    ),
    complete: write(
      table,
      "known.state <> 'free'",
      "state = 'done', result = case known.state when 'done' then known.result else excluded.result end",
    ),
    release: write(table, "known.state <> 'done'", "state = 'free'"),
    // What another member cleans up, or an attempt writes just now, is passed over.
    cleanUp: `delete from ${table} where key in (
  select key from ${table}
  where expires <= clock_timestamp() order by expires limit $1 for update skip locked
)`,
    check: `select key, token, state, owner, fingerprint, lease_end, expires, result from ${table} limit 0`,
  }
}

/**
 * Takes the keys that may be taken, and answers how many these were and their token; where they are not all, or have not all the
 * same one, the token of each. A token is the microseconds of the server, or one more than the last. Rows are locked in the order
 * of keys.
 */
function claim(table: string): string {
  return `with taken as (
  insert into ${table} as known (key, token, state, owner, fingerprint, lease_end, expires)
  select key, ${NOW_US}, 'claimed', owner, fingerprint,
    ${NOW} + ${ofEach('lease_ms', '$4')} * interval '1 millisecond',
    ${NOW} + greatest(${ofEach('lease_ms', '$4')}, ${ofEach('window_ms', '$5')}) * interval '1 millisecond'
  from unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[], $5::text::bigint[])
    as asked (key, owner, fingerprint, lease_ms, window_ms)
  order by key
  on conflict (key) do update set token = greatest(known.token + 1, excluded.token), state = 'claimed',
    owner = excluded.owner, fingerprint = excluded.fingerprint, lease_end = excluded.lease_end,
    expires = excluded.expires, result = null
  where known.expires <= clock_timestamp() or known.state = 'free' or (
    known.state = 'claimed' and (known.lease_end <= clock_timestamp() or (
      known.owner = excluded.owner
      and (known.fingerprint is null or excluded.fingerprint is null or known.fingerprint = excluded.fingerprint)
    ))
  )
  returning key, token
)
select taken, token, case when taken < cardinality($1::text::text[]) or token < highest then (
  select json_object_agg(key, token)::text from taken
) end as tokens
from (select count(*)::int as taken, min(token) as token, max(token) as highest from taken) as counted`
}

/** Of a key, where the array is filled up with nulls: its first entry stands for the rest. */
function ofEach(column: string, parameter: string): string {
  return `coalesce(${column}, (select (${parameter}::text::bigint[])[1]))`
}

/** What keys are that were not taken. */
function look(table: string): string {
  return `select known.* from unnest($1::text::text[]) as asked (key) cross join lateral (
  select key, state, result, fingerprint, ceil(extract(epoch from lease_end - clock_timestamp()) * 1000)::bigint as for_ms
  from ${table} where key = asked.key and expires > clock_timestamp() offset 0
) as known`
}

/**
 * Writes the rows that are the caller's, and answers how many these were, and their keys where they are not all. Rows are locked in
 * the order of keys.
 *
 * It is an insert, and `look` has its offset, because an update would leave to the planner how rows are found: while the table
 * is small it would read all of it, and a prepared statement would go on so when the table has grown. Of a row that is not there
 * any more it makes one that has expired.
 */
function write(table: string, may: string, change: string): string {
  return `with written as (
  insert into ${table} as known (key, token, state, owner, lease_end, expires, result)
  select key, token, 'free', '', '-infinity', '-infinity', value
  from unnest($1::text::text[], $2::text::bigint[], $3::text::text[]) as asked (key, token, value)
  order by key
  on conflict (key) do update set ${change}
  where known.token = excluded.token and ${may} and known.expires > clock_timestamp()
  returning key, expires
)
select written, case when written < cardinality($1::text::text[]) then (
  select json_agg(key)::text from written where expires > '-infinity'
) end as keys
from (select count(*)::int as written from written where expires > '-infinity') as counted`
}
