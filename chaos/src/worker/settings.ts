import type { Work, WorkerTuning } from '../stories/story.ts'
import type { GroupChoice } from './group-flags.ts'

/** What a worker process is told on its command line. */
export interface WorkerSettings {
  /** Its name in the history; one that is started again has a new one. */
  readonly name: string
  /** What it is in the story; one that is started again keeps it. */
  readonly role: string
  readonly journal: string
  readonly brokers: readonly string[]
  readonly topics: readonly string[]
  readonly groupId: string
  readonly tuning: WorkerTuning
  readonly work: Work
  readonly group: GroupChoice
}

/** What a worker process is told to do; SIGTERM is `exit` as well. */
export type Command = 'join' | 'leave' | 'measure' | 'exit'

/** What it answers. Commands are done one after another. */
export type Answer = 'ready' | 'joined' | { readonly done: Command }
