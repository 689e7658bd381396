import { type Consumer, createConsumer, type HandlerContext, type HandlerDefinition } from '@holdfast/core'
import { mergeOptions, type SharedOptions } from './class-options.ts'
import { classNameOf, nameOf, refusal, shown } from './refuse.ts'
import { classOptionsOf, decoratedTwice, type Registration, registrationsOf } from './registry.ts'
import type { WorkerInstance } from './worker.ts'

type Method = (input: unknown, context: HandlerContext) => unknown

/**
 * The consumers of an instance, one for its `@Consumer`, with its methods as handlers. Each call makes new ones, so
 * two instances of a class, or two calls, share nothing. Options of the class win over `shared`.
 * @throws HF_OPTION_INVALID without `@Consumer` or driver, HF_HANDLER_MISSING without `@Handler`, and what
 * `createConsumer` throws
 */
export function consumersOf(instance: WorkerInstance, shared: SharedOptions = {}): Consumer[] {
  checkInstance(instance)
  const name = classNameOf(instance)
  const registrations = registrationsOf(instance)
  const own = classOptionsOf(instance)
  if (own === undefined) throw consumerMissing(name, registrations)
  if (registrations.length === 0) throw handlersMissing(name)
  const twice = decoratedTwice(instance)
  if (twice !== undefined) throw handlerTwice(name, twice)
  const { driver, ...options } = mergeOptions(shared, own)
  if (driver === undefined) throw driverMissing(name)
  const handlers = registrations.map((registration) => bind(instance, name, registration))
  return [createConsumer({ ...options, driver, handlers })]
}

/** The method is looked up at each call, so an override, or a spy, is what runs. */
function bind(instance: object, className: string, { key, define }: Registration): HandlerDefinition {
  const methods = instance as Record<string | symbol, Method>
  const handle: Method = (input, context) => (methods[key] as Method)(input, context)
  Object.defineProperty(handle, 'name', { value: methodName(className, key) })
  return define(handle)
}

function methodName(className: string, key: string | symbol): string {
  return typeof key === 'string' ? `${className}.${key}` : `${className}[${key.description ?? ''}]`
}

function checkInstance(instance: unknown): asserts instance is object {
  if (typeof instance === 'object' && instance !== null) return
  const fix = typeof instance === 'function' ? `new ${nameOf(instance)}(…)` : 'an instance of one'
  throw refusal(
    'HF_OPTION_INVALID',
    `consumersOf takes an instance of a class with @Consumer, not ${shown(instance)}`,
    `give ${fix}`,
  )
}

function consumerMissing(name: string, registrations: readonly Registration[]): Error {
  const handlers = registrations.map(({ decorator, key }) => `${decorator} ${String(key)}`)
  const what = handlers.length === 0 ? 'neither @Consumer nor @Handler' : `${handlers.join(', ')}, but no @Consumer`
  return refusal(
    'HF_OPTION_INVALID',
    `${name} has ${what}, so its group is unknown`,
    `write @Consumer({ groupId: '…' }) above class ${name}, or above a class that it extends`,
    { class: name },
  )
}

function handlersMissing(name: string): Error {
  return refusal(
    'HF_HANDLER_MISSING',
    `${name} has @Consumer, but no method with @Handler or @BatchHandler, so it would subscribe to nothing`,
    `write @Handler('topic') above a method of ${name}, and let its constructor make the instance`,
    { class: name },
  )
}

function handlerTwice(name: string, twice: readonly Registration[]): Error {
  const [{ decorator, key }] = twice as [Registration]
  return refusal(
    'HF_OPTION_INVALID',
    `${methodName(name, key)} has ${twice.length} handler decorators, and only one can say what it takes`,
    `keep one, with a list of topics (${decorator}(['one', 'two'])), or write a method for each`,
    { class: name, method: String(key) },
  )
}

function driverMissing(name: string): Error {
  return refusal(
    'HF_OPTION_INVALID',
    `${name} has no driver, so there is nothing to connect with`,
    `give one to all classes, run([${name}], { driver }), or to this class, @Consumer({ driver, … })`,
    { class: name, option: 'driver' },
  )
}
