import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const FETCH_MS = 300_000

export type MavenAnswer = { readonly ok: true } | { readonly reason: string; readonly remedy: string }

/**
 * Copies every jar the pom depends on into a folder. Maven rather than a download of our own: it
 * knows the mirrors, proxies and credentials of this machine.
 */
export function runMaven(pom: string, outputDirectory: string, env: NodeJS.ProcessEnv): Promise<MavenAnswer> {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${outputDirectory}`]
  const args = ['--batch-mode', '--quiet', '--file', pom, ...goal]
  return new Promise((resolve) => {
    execFile('mvn', args, { env, cwd: dirname(pom), timeout: FETCH_MS }, (error, stdout, stderr) =>
      resolve(error === null ? { ok: true } : explain(error, stdout + stderr)),
    )
  })
}

function explain(error: Error & { code?: unknown; killed?: boolean }, output: string): MavenAnswer {
  if (error.code === 'ENOENT')
    return {
      reason: 'its jars are not cached and there is no mvn on PATH',
      remedy: 'install Maven, or set KAFKA_JARS_DIR to a folder with the jars of jars.lock',
    }
  const how = error.killed ? `took over ${FETCH_MS / 1000} s` : 'failed'
  const shown = stripVTControlCharacters(output)
    .split('\n')
    .find((line) => /\[ERROR\] \S/.test(line))
  return {
    reason: `mvn ${how}: ${shown ?? error.message}`,
    remedy: 'give Maven a way to Maven Central, or set KAFKA_JARS_DIR',
  }
}
