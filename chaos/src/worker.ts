import { Journal } from './history/journal.ts'
import { measureProcess } from './worker/measure.ts'
import { Member } from './worker/member.ts'
import type { Answer, Command, WorkerSettings } from './worker/settings.ts'

/** A process with at most one member of the group, which joins and leaves on command. */
function main(settings: WorkerSettings): void {
  const journal = new Journal(settings.name, settings.journal)
  const tell = (answer: Answer): void => void process.send?.(answer)
  const member = new Member(settings, journal, { joined: () => tell('joined'), failed: () => process.exit(1) })
  const actions: Readonly<Record<Command, () => void | Promise<void>>> = {
    join: () => member.join(),
    leave: () => member.leave(),
    measure: () => measureProcess(journal),
    async exit() {
      await member.leave()
      process.exit(0)
    },
  }
  let last: Promise<void> = Promise.resolve()
  const obey = (command: Command): void => {
    last = last.then(actions[command]).then(() => tell({ done: command }))
  }
  process.on('message', obey)
  process.on('SIGTERM', () => obey('exit'))
  // Without the program there is nobody to end this process.
  process.on('disconnect', () => process.exit())
  tell('ready')
}

main(JSON.parse(process.argv[2] as string) as WorkerSettings)
