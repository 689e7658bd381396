import type { Consumer } from '@holdfast/core'
import { consumersOf } from './consumers-of.ts'
import { classNameOf, nameOf, refusal, shown } from './refuse.ts'
import { runAll } from './run-all.ts'
import type { RunOptions } from './run-options.ts'
import type { DefaultConstructible, Resolve, WorkerClass, WorkerInstance } from './worker.ts'

/**
 * Runs the consumers of all classes and instances until SIGTERM or SIGINT, or until `signal` aborts. Instances of
 * classes come from `resolve`. When one consumer fails the others stop, and `run` rejects with its error. Exit codes
 * are those of `runUntilSignal`: 0 stopped, 1 failed, 2 stopped with handlers that did not end in time.
 * @throws HF_OPTION_INVALID on an empty list, the same instance twice, or an instance that `resolve` did not answer;
 * and what `consumersOf` throws. Nothing has been started then.
 */
export function run(workers: readonly (DefaultConstructible | WorkerInstance)[], options?: RunOptions): Promise<void>
export function run(
  workers: readonly (WorkerClass | WorkerInstance)[],
  options: RunOptions & { readonly resolve: Resolve },
): Promise<void>
export async function run(
  workers: readonly (WorkerClass | WorkerInstance)[],
  { resolve = construct, signal, ...shared }: RunOptions = {},
): Promise<void> {
  if (!Array.isArray(workers) || workers.length === 0) throw workersMissing()
  const instances = new Set<WorkerInstance>()
  for (const worker of workers) {
    const instance = typeof worker === 'function' ? await resolved(worker, resolve) : worker
    if (instances.has(instance)) throw instanceTwice(instance)
    instances.add(instance)
  }
  const consumers: Consumer[] = [...instances].flatMap((instance) => consumersOf(instance, shared))
  await runAll(consumers, signal)
}

const construct: Resolve = (cls) => new cls()

async function resolved(cls: WorkerClass, resolve: Resolve): Promise<WorkerInstance> {
  const instance: unknown = await resolve(cls)
  if (typeof instance === 'object' && instance !== null) return instance
  throw refusal(
    'HF_OPTION_INVALID',
    `resolve answered ${shown(instance)} for ${nameOf(cls)}, and a consumer needs an instance`,
    `register ${nameOf(cls)} with the container, or give run an instance`,
    { class: nameOf(cls), option: 'resolve' },
  )
}

function workersMissing(): Error {
  return refusal(
    'HF_OPTION_INVALID',
    'run takes a list with at least one class or instance',
    'write run([MailSender], { driver })',
  )
}

function instanceTwice(instance: object): Error {
  const name = classNameOf(instance)
  return refusal(
    'HF_OPTION_INVALID',
    `the same instance of ${name} was given to run twice, and it would share its state between two members of one group`,
    'give it once and raise concurrency, or give two instances',
    { class: name },
  )
}
