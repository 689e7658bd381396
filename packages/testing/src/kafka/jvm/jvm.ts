import { messageOf } from '../provisioning-error.ts'
import type { BringUp, Way } from '../way.ts'
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
    let absent = ''
    for (let start = 0; start < STARTS; start++) {
      try {
        return { up: await startNodes(request, java, jars.classPath) }
      } catch (error) {
        absent = messageOf(error)
      }
    }
    return { absent }
  },
}
