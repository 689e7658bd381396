import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One jar of the broker: the file Maven makes of it, and what must be in it. */
export interface LockedJar {
  readonly file: string
  readonly sha256: string
}

/** Lines of `group:artifact:version sha256 bytes`. */
export function parseJarsLock(text: string): LockedJar[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [coordinates = '', sha256 = ''] = line.split(' ')
      const [, artifact, version] = coordinates.split(':')
      if (!artifact || !version || !/^[0-9a-f]{64}$/.test(sha256))
        throw new Error(`jars.lock: ${line} is not "group:artifact:version sha256 bytes"`)
      return { file: `${artifact}-${version}.jar`, sha256 }
    })
}

/** The jars of the lock that `dir` lacks or holds with other content. Others are not looked at. */
export async function findBadJars(dir: string, lock: readonly LockedJar[]): Promise<LockedJar[]> {
  const verdicts = await Promise.all(lock.map((jar) => isIntact(join(dir, jar.file), jar.sha256)))
  return lock.filter((_jar, index) => !verdicts[index])
}

async function isIntact(path: string, sha256: string): Promise<boolean> {
  try {
    return (
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex') === sha256
    )
  } catch {
    return false
  }
}
