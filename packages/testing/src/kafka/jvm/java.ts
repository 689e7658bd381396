import { execFile } from 'node:child_process'
import { join } from 'node:path'

const OLDEST = 17
const REMEDY = `install a Java runtime ${OLDEST} or newer, or set JAVA_HOME`

export interface Java {
  readonly command: string
  readonly version: number
  /** All that it says of itself: which build it is. */
  readonly banner: string
}

export type JavaAnswer = Java | { readonly reason: string; readonly remedy: string }

/** The `java` of JAVA_HOME, or else of PATH, if it is new enough for the broker. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<JavaAnswer> {
  const command = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java'
  const banner = await versionBanner(command, env)
  const version = banner && parseJavaVersion(banner)
  if (!banner || !version) {
    const where = env.JAVA_HOME ? `${command} does not run` : 'there is no java on PATH'
    return { reason: where, remedy: REMEDY }
  }
  if (version < OLDEST) return { reason: `Java ${version} is too old: ${command}`, remedy: REMEDY }
  return { command, version, banner }
}

/** The feature release: 17 of `version "17.0.15"`, 8 of `version "1.8.0_402"`. */
export function parseJavaVersion(banner: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(banner)
  return found ? Number(found[1]) : undefined
}

function versionBanner(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, ['-version'], { env, timeout: 20_000 }, (error, _stdout, stderr) =>
      resolve(error ? undefined : stderr),
    )
  })
}
