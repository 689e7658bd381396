import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../../../testing/src/kafka/jvm/jars.ts'
import { findJava } from '../../../testing/src/kafka/jvm/java.ts'

const SOURCE = fileURLToPath(new URL('fixtures/JavaMember.java', import.meta.url))
const LAST_LINES = 20

export interface JavaView {
  /** Partitions, ascending. */
  owned: number[]
  /** What it was told to give up, rebalance by rebalance. */
  readonly revoked: number[][]
  /** `partition@offset`, in their order. */
  readonly handled: string[]
}

/** The command and the class path of a Java client, or why there is none. */
export async function findJavaClient(): Promise<{ command: string; jars: string } | { missing: string }> {
  const java = await findJava(process.env)
  if ('reason' in java) return { missing: java.reason }
  const jars = process.env.KAFKA_JARS_DIR || cacheFolder(process.env)
  if (!list(jars).some((file) => /^kafka-clients-.*\.jar$/.test(file)))
    return { missing: 'the jars of the Java client are not here: only a broker on the local JVM brings them' }
  return { command: java.command, jars }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Members of groups in one JVM, which ends with its input and so with this process. */
export class JavaMembers implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #views = new Map<string, JavaView>()
  readonly #lines: string[] = []

  constructor({ command, jars }: { command: string; jars: string }, brokers: readonly string[]) {
    const flags = [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    ]
    this.#process = spawn(command, [...flags, '-cp', `${jars}/*`, SOURCE, brokers.join()])
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#read(line))
    createInterface({ input: this.#process.stderr! }).on('line', (line) => this.#lines.push(line))
  }

  join(group: string, client: string, topic: string, ...assignors: readonly string[]): void {
    this.#process.stdin!.write(`join ${group} ${client} ${topic} ${assignors.join()}\n`)
  }

  leave(group: string, client: string): void {
    this.#process.stdin!.write(`leave ${group} ${client}\n`)
  }

  /** What a member has said of itself so far; throws when it, or the JVM, has failed. */
  view(group: string, client: string): JavaView {
    const failed = this.#lines.find((line) => line.startsWith(`${group} ${client} failed`))
    if (failed !== undefined) throw new Error(failed)
    if (this.#process.exitCode !== null) throw new Error(`the JVM ended: ${this.#lines.slice(-LAST_LINES).join('\n')}`)
    return this.#viewOf(`${group} ${client}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.stdin!.end()
    if (this.#process.exitCode === null) await ended
  }

  #viewOf(member: string): JavaView {
    const view = this.#views.get(member) ?? { owned: [], revoked: [], handled: [] }
    this.#views.set(member, view)
    return view
  }

  #read(line: string): void {
    this.#lines.push(line)
    const [group, client, event, list = ''] = line.split(' ')
    const words = list === '' ? [] : list.split(',')
    const view = this.#viewOf(`${group} ${client}`)
    if (event === 'assigned') view.owned = words.map(Number)
    else if (event === 'revoked') view.revoked.push(words.map(Number))
    else if (event === 'handled') view.handled.push(...words)
  }
}
