import { on } from '@holdfast/core'
import { Copier } from './copier.ts'
import type { CopierSettings } from './copier-process.ts'
import type { TestCluster } from './test-cluster.ts'
import { testConsumer, whileRunning } from './test-consumer.ts'
import { until } from './until.ts'

const INPUTS = 2
const OUTPUTS = 3
const PRODUCED_AT_ONCE = 500
/** A kill costs a session, a broker that comes back several. */
const PATIENCE_MS = 60_000

export interface CopyPlan
  extends Pick<CopierSettings, 'delivery' | 'batch' | 'handlerMs' | 'poison' | 'deadLetterTopic'> {
  readonly records: number
  /** What happens when a share of the input is committed, in growing order. */
  readonly moments: readonly {
    readonly share: number
    happens(copiers: Copier[], start: () => Copier): Promise<void>
  }[]
}

/** The values that a consumer of committed records reads from the output, when all of the input is committed. */
export async function tellCopyStory(
  cluster: TestCluster,
  { records, moments, ...settings }: CopyPlan,
): Promise<readonly string[]> {
  const [input, output] = [await cluster.createTopic(INPUTS), await cluster.createTopic(OUTPUTS)]
  for (let from = 0; from < records; from += PRODUCED_AT_ONCE)
    await cluster.produceNumbers(input, Math.min(PRODUCED_AT_ONCE, records - from), INPUTS, from)
  const start = (): Copier => new Copier({ brokers: cluster.brokers, input, output, ...settings })
  const copiers = [start(), start()]
  const copied = async (share: number): Promise<void> => {
    const offsets = (): Promise<number[]> => cluster.committed(input, input).catch(() => [])
    const done = (list: readonly number[]): number => list.reduce((sum, offset) => sum + Math.max(0, offset), 0)
    await until(`${share} of the input`, offsets, (list) => done(list) >= share * records, PATIENCE_MS)
  }
  try {
    for (const { share, happens } of moments) {
      await copied(share)
      await happens(copiers, start)
    }
    await copied(1)
  } finally {
    await Promise.all(copiers.map((copier) => copier.kill()))
  }
  return await readCommitted(cluster, output)
}

/** All that committed transactions have written to a topic. */
export async function readCommitted(cluster: TestCluster, topic: string): Promise<readonly string[]> {
  const values: string[] = []
  const groupId = `${topic}-reader`
  const reader = testConsumer(cluster.brokers, {
    groupId,
    handlers: [on(topic, ({ value }) => void values.push(String(value)))],
  })
  await whileRunning(reader, async () => {
    const ends = await cluster.logEnds(topic)
    await until(
      'the end of the output',
      () => cluster.committed(groupId, topic),
      (offsets) => ends.every((end, partition) => end === 0 || offsets[partition] === end),
    )
  })
  return values
}

/** Kills one of the copiers, and starts another in its place. */
export async function replace(copiers: Copier[], index: number, start: () => Copier): Promise<void> {
  await copiers[index]?.kill()
  copiers[index] = start()
}
