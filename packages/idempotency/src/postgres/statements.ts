/** The statements of a store, over its quoted table. Each takes literals of arrays with an entry for each key. */
export interface Statements {
  readonly claim: string
  readonly renew: string
  readonly complete: string
  readonly release: string
  readonly cleanUp: string
  readonly check: string
}

const NOW_US = '(extract(epoch from clock_timestamp()) * 1000000)::bigint'

export function statementsOf(table: string): Statements {
  return {
    claim: claim(table),
    renew: write(
      table,
      "known.state = 'claimed'",
      `lease_end = clock_timestamp() + asked.value::bigint * interval '1 millisecond',
    expires = greatest(known.expires, clock_timestamp() + asked.value::bigint * interval '1 millisecond')`,
    ),
    complete: write(
      table,
      "known.state <> 'free'",
      "state = 'done', result = case known.state when 'done' then known.result else asked.value end",
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
 * A token is the microseconds of the server, or one more than the last. A row that was not taken is read as it was
 * when the statement began; one that came since has no state here.
 */
function claim(table: string): string {
  return `with asked as (
  select * from unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[], $5::text::bigint[])
    with ordinality as asked (key, owner, fingerprint, lease_ms, window_ms, at)
), taken as (
  insert into ${table} as known (key, token, state, owner, fingerprint, lease_end, expires)
  select key, ${NOW_US}, 'claimed', owner, fingerprint,
    clock_timestamp() + lease_ms * interval '1 millisecond',
    clock_timestamp() + greatest(lease_ms, window_ms) * interval '1 millisecond'
  from asked order by key
  on conflict (key) do update set token = greatest(known.token + 1, excluded.token), state = 'claimed',
    owner = excluded.owner, fingerprint = excluded.fingerprint, lease_end = excluded.lease_end,
    expires = excluded.expires, result = null
  where known.expires <= clock_timestamp() or known.state = 'free' or (
    known.state = 'claimed'
    and (known.lease_end <= clock_timestamp() or known.owner = excluded.owner)
    and (known.fingerprint is null or excluded.fingerprint is null or known.fingerprint = excluded.fingerprint)
  )
  returning key, token
)
select taken.token, known.state, known.result, known.fingerprint,
  ceil(extract(epoch from known.lease_end - clock_timestamp()) * 1000)::bigint as for_ms
from asked left join taken on taken.key = asked.key
  left join ${table} as known on known.key = case when taken.key is null then asked.key end
order by asked.at`
}

/**
 * Writes the rows that are the caller's: says how many, and which entries were not (counted from 1). Rows are locked in the order
 * of keys as a rule; where the planner has another one, and that ends in a deadlock, the statement is run again.
 */
function write(table: string, may: string, change: string): string {
  return `with asked as (
  select * from unnest($1::text::text[], $2::text::bigint[], $3::text::text[])
    with ordinality as asked (key, token, value, at)
), written as (
  update ${table} as known set ${change}
  from (select * from asked order by key) as asked
  where known.key = asked.key and known.token = asked.token and ${may} and known.expires > clock_timestamp()
  returning asked.at
)
select count(written.at)::int as written, string_agg(asked.at::text, ',') filter (where written.at is null) as stale
from asked left join written on written.at = asked.at`
}
