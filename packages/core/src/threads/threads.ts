import PQueue from 'p-queue'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { Handle } from '../pipeline/attempt.ts'
import type { CallContext } from '../pipeline/call-context.ts'
import type { DecodedRecord } from '../pipeline/decode.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import type { Isolate } from '../pipeline/handlers.ts'
import type { ThreadLimits } from '../pipeline/thread-handler.ts'
import type { Logger } from '../ports/logger.ts'
import { type Carried, uncarry } from './carry.ts'
import type { AnswerMessage, CallMessage, ProducedMessage, TaskMessage } from './messages.ts'
import { moduleFile } from './module-file.ts'
import { isCloneable, pack, unpack } from './pack.ts'
import { Pool } from './pool.ts'
import { recordMessage } from './records.ts'
import { moduleInvalid, noThread, threadDied, valueRefused } from './refusals.ts'
import { writeLine } from './thread-logger.ts'

/** Threads that do not come up are not begun one after another at once. */
const REVIVE_AFTER_MS = 1_000

export interface ThreadsConfig {
  readonly handlers: readonly HandlerDefinition[]
  readonly threads?: ThreadLimits | undefined
}

/**
 * Runs the handlers that are modules in a pool of threads, for one consumer.
 *
 * - An attempt that finds no thread free waits here, where it is known not to have begun; the pool itself never queues.
 * - An attempt ends when its thread has: nothing of an aborted one runs when its partition is given up.
 */
export class Threads {
  readonly #config: ThreadsConfig
  readonly #logger: Logger
  readonly #gate: PQueue
  #pool: Pool | undefined
  #onStranded: () => void
  #lastError: unknown = new Error('it exited')

  constructor(config: ThreadsConfig, logger: Logger) {
    this.#config = config
    this.#logger = logger
    this.#gate = new PQueue(config.threads?.maxThreads === undefined ? {} : { concurrency: config.threads.maxThreads })
    this.#onStranded = () => void setTimeout(() => this.#pool?.revive(), REVIVE_AFTER_MS).unref()
  }

  /** Whether any handler is a module. */
  get isNeeded(): boolean {
    return this.#config.handlers.some(({ module }) => module !== undefined)
  }

  /** Loads every module in a thread. @throws HF_THREAD_MODULE_INVALID, HF_THREAD_DIED */
  async start(signal: AbortSignal): Promise<void> {
    const { reject, promise: broken } = Promise.withResolvers<never>()
    broken.catch(() => undefined)
    const revive = this.#onStranded
    this.#onStranded = () => reject(noThread(this.#lastError))
    this.#pool = await Pool.open(this.#config.threads ?? {}, {
      message: (message) => this.#write(message),
      error: (error) => this.#idleDeath(error),
      stranded: () => this.#onStranded(),
    })
    for (const { name, module } of this.#config.handlers) {
      if (module === undefined) continue
      const answer = await Promise.race([this.#pool.run({ module: moduleFile(module).href }, signal), broken]).catch(
        (error: unknown) => {
          throw signal.aborted || error instanceof HoldfastError ? error : moduleInvalid(name, module, error)
        },
      )
      if (answer.type === 'refused') throw moduleInvalid(name, module, unpackError(answer.packed))
    }
    this.#onStranded = revive
  }

  /** What calls the handler of a module; rejects as the handler does. */
  readonly isolate: Isolate = ({ name, module, batch }) => {
    const { href } = moduleFile(module)
    const handle = async (input: unknown, context: CallContext): Promise<unknown> => {
      const records = (batch ? input : [input]) as readonly DecodedRecord[]
      context.postpone()
      const answer = await this.#run(context, () => {
        context.start('elsewhere')
        return { module: href, call: packCall(context, records, batch) }
      })
      if (answer.type === 'refused') throw moduleInvalid(name, module, unpackError(answer.packed))
      if (answer.type === 'thrown') throw unpackError(answer.packed)
      produceFor(context, answer.outputs)
      return answer.type === 'done' ? undefined : resultsOf(answer.packed, records.length)
    }
    return handle satisfies Handle
  }

  /** Ends every thread, whatever runs in it. */
  async close(): Promise<void> {
    const left = await this.#pool?.close()
    if (left) this.#logger.error({ threads: left }, 'threads have not ended: they are in native code')
  }

  /** A module can post anything. */
  #write(message: unknown): void {
    try {
      writeLine(message, this.#logger)
    } catch (error) {
      this.#logger.error({ err: error }, 'a log line of a thread cannot be written')
    }
  }

  #idleDeath(error: unknown): void {
    this.#lastError = error
    this.#logger.error({ err: error }, 'a thread ended by an error while it handled nothing')
  }

  async #run(context: CallContext, begin: () => TaskMessage): Promise<AnswerMessage> {
    const { signal } = context
    const pool = this.#pool as Pool
    try {
      return (await this.#gate.add(() => pool.run(begin(), signal), { signal })) as AnswerMessage
    } catch (error) {
      if (signal.aborted) {
        await pool.ended(signal)
        throw signal.reason
      }
      throw error instanceof HoldfastError ? error : threadDied(context.event, error)
    }
  }
}

function packCall(context: CallContext, records: readonly DecodedRecord[], batch: boolean): Uint8Array {
  const { attempt, groupId, memberId, epoch, mayProduce, logFields: bindings } = context
  const deadlineMs = context.deadline.getTime()
  const shared = { batch, attempt, deadlineMs, groupId, memberId, epoch, mayProduce, bindings }
  try {
    return pack({ ...shared, records: records.map(recordMessage) } satisfies CallMessage)
  } catch (error) {
    const refused = records.find((record) => !isCloneable(recordMessage(record))) ?? records[0]
    throw valueRefused(context.event, refused as DecodedRecord, error)
  }
}

function produceFor(context: CallContext, packed: Uint8Array | undefined): void {
  if (packed === undefined) return
  for (const { output, offset } of unpack<ProducedMessage[]>(packed))
    context.produce(output, offset === undefined ? undefined : { offset })
}

function unpackError(packed: Uint8Array): unknown {
  const carried = unpack<Carried>(packed)
  if (carried.type === 'text') return new Error(`the handler threw what cannot leave its thread: ${carried.text}`)
  return uncarry(carried)
}

/** The answer of a batch handler, as far as it tells failures. */
function resultsOf(packed: Uint8Array, records: number): unknown[] {
  const results: unknown[] = new Array(records).fill(undefined)
  for (const [index, carried] of unpack<[number, Carried][]>(packed)) {
    results[index] = { status: 'rejected', reason: uncarry(carried) }
  }
  return results
}
