import type { HandlerContext, HandlerDefinition } from '@holdfast/core'
import type { ConsumerClassOptions } from './class-options.ts'

/** What one `@Handler` or `@BatchHandler` asks for. */
export interface Registration {
  readonly decorator: string
  readonly key: string | symbol
  /** The function that was decorated, which no other decorator has replaced by then. */
  readonly method: unknown
  /** Grows with every decoration; a class is always defined after the class it extends. */
  readonly sequence: number
  readonly define: (handle: (input: unknown, context: HandlerContext) => unknown) => HandlerDefinition
}

// Invariants
// - Everything is keyed by prototype, so a class that another decorator wraps or replaces is still found.
// - A registration may stand on the prototype that declares its method (experimentalDecorators know it), on the
//   prototype of an instance (standard decorators learn it from the first instance), or on both.
// - Of several registrations of one key on a prototype chain, that with the highest sequence is the most derived.
// - Each registration belongs to another prototype that owns its key; more registrations than owners is a method
//   decorated twice, and so is one function with two registrations, whether an owner of its key has none or not.
const registrations = new WeakMap<object, Set<Registration>>()
const classOptions = new WeakMap<object, ConsumerClassOptions>()

let sequence = 0

export function nextSequence(): number {
  sequence += 1
  return sequence
}

export function addRegistration(prototype: object, registration: Registration): void {
  const known = registrations.get(prototype)
  if (known === undefined) registrations.set(prototype, new Set([registration]))
  else known.add(registration)
}

export function addClassOptions(prototype: object, options: ConsumerClassOptions): void {
  classOptions.set(prototype, options)
}

export function hasOwnClassOptions(prototype: object): boolean {
  return classOptions.has(prototype)
}

/** The options of the nearest class that states any. */
export function classOptionsOf(instance: object): ConsumerClassOptions | undefined {
  const prototype = prototypesOf(instance).find(hasOwnClassOptions)
  return prototype === undefined ? undefined : classOptions.get(prototype)
}

/** The registrations in force for each method, base classes first. */
export function registrationsOf(instance: object): readonly Registration[] {
  return [...registrationsByKey(instance).values()]
    .flatMap((found) => found.slice(-1))
    .toSorted((a, b) => a.sequence - b.sequence)
}

/** The first method with more decorations than declarations. */
export function decoratedTwice(instance: object): readonly Registration[] | undefined {
  const prototypes = prototypesOf(instance)
  const ownersOf = (key: string | symbol): number =>
    prototypes.filter((prototype) => Object.hasOwn(prototype, key)).length
  return [...registrationsByKey(instance)]
    .filter(([key, found]) => found.length > ownersOf(key) || new Set(found.map(methodOf)).size < found.length)
    .map(([, found]) => found)
    .at(0)
}

const methodOf = ({ method }: Registration): unknown => method

function registrationsByKey(instance: object): Map<string | symbol, Registration[]> {
  const found = new Set(prototypesOf(instance).flatMap((prototype) => [...(registrations.get(prototype) ?? [])]))
  return Map.groupBy(
    [...found].toSorted((a, b) => a.sequence - b.sequence),
    ({ key }) => key,
  )
}

function prototypesOf(instance: object): object[] {
  const found: object[] = []
  let prototype = Object.getPrototypeOf(instance)
  while (prototype !== null) {
    found.push(prototype)
    prototype = Object.getPrototypeOf(prototype)
  }
  return found
}
