import { findProgram, postgresFolders } from './programs.ts'

/** The servers that cannot be brought up here, where tests break them: there is neither the program nor Docker. */
export async function missingServers(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const programs: readonly (readonly [string, string | undefined])[] = [
    ['Redis', findProgram('redis-server', env)],
    ['Postgres', findProgram('initdb', env, postgresFolders())],
  ]
  const missing = programs.flatMap(([name, program]) => (program === undefined ? [name] : []))
  if (missing.length === 0) return missing
  const { findDaemon } = await import('../kafka/docker/daemon.ts')
  return (await findDaemon()) === undefined ? missing : []
}
