import type { KafkaRequest } from '../options.ts'
import { messageOf } from '../provisioning-error.ts'
import type { BringUp, Way } from '../way.ts'
import { ClassArchive, type Jvm } from './class-archive.ts'
import { ensureJars } from './jars.ts'
import { findJava } from './java.ts'
import { startNodes } from './nodes.ts'

// Another process may take a port between choosing it and listening.
const STARTS = 2

/** A broker on the local JVM: Java 17 or newer, and jars that Maven fetches once. */
export const jvm: Way = {
  via: 'jvm',
  label: 'local JVM',
  async bringUp(request): Promise<BringUp> {
    if (process.platform === 'win32') return { absent: 'the local JVM way needs a POSIX shell' }
    const java = await findJava(request.env)
    if ('reason' in java) return { absent: java.reason, remedy: java.remedy }
    const jars = await ensureJars(request)
    if ('reason' in jars) return { absent: jars.reason, remedy: jars.remedy }
    const machine = { java, classPath: jars.classPath }
    const archive = await ClassArchive.of(machine, request.env)
    if (request.keepClasses && !(await archive.exists())) await keepClasses(archive, machine, request)
    const kept = await archive.flags()
    let absent = ''
    for (let start = 0; start < STARTS; start++) {
      try {
        // The JVM dies of an archive that has been damaged since it was made.
        const flags = start === 0 ? kept : []
        return { up: await startNodes(request, { ...machine, flags }) }
      } catch (error) {
        absent = messageOf(error)
      }
    }
    return { absent }
  },
}

/** Without them brokers take longer to start, and nothing else. */
async function keepClasses(archive: ClassArchive, jvm: Jvm, request: KafkaRequest): Promise<void> {
  const { env, log } = request
  log('kafka: starting a broker for the classes of its JVM, once; later starts take half the time')
  try {
    await archive.make(env, async (flags) => {
      const running = await startNodes({ ...request, brokers: 1 }, { ...jvm, flags })
      try {
        await Promise.all(running.hosts.map((host) => host.stop()))
      } finally {
        await running.dispose()
      }
    })
  } catch (error) {
    log(`kafka: the classes of the JVM are not kept: ${messageOf(error)}`)
  }
}
