import { openPglite } from './pglite.ts'
import { openPostgres } from './postgres.ts'

/** What the worker needs of a Postgres. */
export interface Database extends AsyncDisposable {
  query<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]>
}

/** The Postgres at `url`; without one, an embedded one in memory with sample data. */
export function openDatabase(url: string | undefined, maxConnections: number): Promise<Database> {
  return url === undefined ? openPglite() : openPostgres(url, maxConnections)
}
