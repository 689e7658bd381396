import { once } from 'node:events'
import type { OutgoingRecord } from '@holdfast/core'
import { createProducer } from '@holdfast/kafkajs'
import { Pool } from 'pg'
import { outbox } from '../../src/outbox/outbox.ts'

/** What a relay process is told on its command line. */
export interface RelaySettings {
  readonly brokers: readonly string[]
  readonly databaseUrl: string
  readonly table: string
}

/** How far a write has come. After `acknowledged`, before anything is deleted, the process waits for a word. */
export type RelayMoment = 'writing' | 'acknowledged'

function main({ brokers, databaseUrl, table }: RelaySettings): void {
  const producer = createProducer({ brokers })
  const tell = (moment: RelayMoment): unknown => process.send?.(moment)
  const relay = outbox(new Pool({ connectionString: databaseUrl, max: 1 }), { table }).relay({
    async produce(records: readonly OutgoingRecord[]) {
      tell('writing')
      await producer.produce(records)
      const answer = once(process, 'message')
      tell('acknowledged')
      await answer
    },
    onError: (error) => process.stderr.write(`a relay failed: ${String(error)}\n`),
    maxRecords: 10,
    pollIntervalMs: 20,
  })
  relay.start()
}

main(JSON.parse(process.argv[2] as string) as RelaySettings)
