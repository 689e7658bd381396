import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { messageOf } from '../provisioning-error.ts'
import { guardedFolder } from './guarded-folder.ts'
import { cacheFolder } from './jars.ts'
import type { Java } from './java.ts'

const CHECK_MS = 20_000

/** What runs a broker. */
export interface Jvm {
  readonly java: Java
  readonly classPath: string
}

/**
 * The classes of a broker as its JVM has them in memory (class data sharing): with them a broker is up in half the time, as
 * most of a start is reading classes. A JVM without them, or with those of another one, starts as ever.
 */
export class ClassArchive {
  readonly #jvm: Jvm
  readonly #file: string

  private constructor(jvm: Jvm, file: string) {
    this.#jvm = jvm
    this.#file = file
  }

  /** In the cache, for this Java and these very jars. */
  static async of(jvm: Jvm, env: NodeJS.ProcessEnv): Promise<ClassArchive> {
    const { java, classPath } = jvm
    const jars = classPath.split(':')
    const changes = await Promise.all(jars.map(async (jar) => (await stat(jar)).mtimeMs))
    const id = createHash('sha256')
      .update(JSON.stringify([java.banner, classPath, changes]))
      .digest('hex')
    return new ClassArchive(jvm, join(cacheFolder(env), `classes-${id.slice(0, 16)}.jsa`))
  }

  async exists(): Promise<boolean> {
    return access(this.#file).then(
      () => true,
      () => false,
    )
  }

  /** Flags of a JVM that takes its classes from here, if they are there. */
  async flags(): Promise<readonly string[]> {
    return (await this.exists()) ? [`-XX:SharedArchiveFile=${this.#file}`] : []
  }

  /**
   * Has a JVM write its classes, which it does when it ends by itself, and keeps them if they can be used. Moved into place as a
   * whole, so that processes may do this at the same time.
   */
  async make(env: NodeJS.ProcessEnv, run: (flags: readonly string[]) => Promise<void>): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    const folder = await guardedFolder(`${this.#file}.made-`, env)
    try {
      const made = join(folder.path, 'classes.jsa')
      await run([`-XX:ArchiveClassesAtExit=${made}`])
      await checkArchive(this.#jvm, made, env)
      await rename(made, this.#file)
    } finally {
      await folder.remove()
    }
  }
}

/** Rejects where a JVM can't use it, as where the one that wrote it was killed meanwhile. */
export function checkArchive({ java, classPath }: Jvm, file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['-Xshare:on', `-XX:SharedArchiveFile=${file}`, '-cp', classPath, '-version']
  return new Promise((resolve, reject) => {
    // A JVM that dies of it leaves its report where it runs.
    execFile(java.command, args, { env, cwd: dirname(file), timeout: CHECK_MS }, (error, stdout) =>
      error === null ? resolve() : reject(new Error(stdout.trim() || messageOf(error))),
    )
  })
}
