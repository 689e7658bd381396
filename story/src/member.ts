import { setTimeout as sleep } from 'node:timers/promises'
import { ARMS } from './arms/arms.ts'
import type { MemberMessage, MemberSettings } from './member/settings.ts'

/** A process with one member of an arm's group; the program that started it ends it. */
async function main({ arm, ...place }: MemberSettings): Promise<void> {
  const tell = (message: MemberMessage): void => void process.send?.(message)
  process.on('disconnect', () => process.exit())
  try {
    await ARMS.find(({ name }) => name === arm)?.run(place, {
      assigned: (partitions) => tell({ type: 'assigned', partitions }),
      async handle({ id, lookUpMs }) {
        await sleep(lookUpMs)
        tell({ type: 'sent', id })
      },
    })
  } catch (error) {
    tell({ type: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

await main(JSON.parse(process.argv[2] as string) as MemberSettings)
