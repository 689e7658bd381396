import type { Sample } from './sample.ts'

/** What an arm tells the process that started it. */
export type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'sample'; readonly sample: Sample }
  | { readonly type: 'failure'; readonly reason: string }

/** Runs the arm that the settings of this process name, and tells what it came to; the parent then ends the process. */
export async function serveArm<Settings>(
  measure: (settings: Settings, ready: () => void) => Promise<Sample>,
): Promise<void> {
  process.once('disconnect', () => process.exit())
  try {
    const sample = await measure(JSON.parse(process.argv[2] as string) as Settings, () => tell({ type: 'ready' }))
    tell({ type: 'sample', sample })
  } catch (error) {
    tell({ type: 'failure', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function tell(message: Message): void {
  process.send?.(message)
}
