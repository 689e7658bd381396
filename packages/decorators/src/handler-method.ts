import { refusal } from './refuse.ts'
import { addRegistration, nextSequence, type Registration } from './registry.ts'

/** A decorator for methods that fit `Method`, standard or of `experimentalDecorators`. */
export interface HandlerDecorator<Method> {
  (method: Method, context: ClassMethodDecoratorContext): void
  <Own extends Method>(prototype: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Own>): void
}

type Where = ClassMethodDecoratorContext | string | symbol

/** Registers the decorated method. */
export function registerMethod(decorator: string, define: Registration['define']): HandlerDecorator<unknown> {
  return (target: unknown, where: Where, descriptor?: TypedPropertyDescriptor<unknown>): void => {
    const isStandard = typeof where === 'object'
    const key = isStandard ? where.name : where
    const place = isStandard ? placeByContext(where) : placeByTarget(target, descriptor)
    if (place !== undefined) throw misplaced(decorator, place, key)
    const method = isStandard ? target : descriptor?.value
    const registration: Registration = Object.freeze({ decorator, key, method, sequence: nextSequence(), define })
    if (isStandard) registerWithInstance(where, registration)
    else addRegistration(target as object, registration)
  }
}

/**
 * A standard decorator is not told its class, and `context.metadata` is undefined where the engine has no
 * `Symbol.metadata`. An initialiser is told the instance, however it was made.
 */
function registerWithInstance(context: ClassMethodDecoratorContext, registration: Registration): void {
  context.addInitializer(function (this: unknown) {
    addRegistration(Object.getPrototypeOf(this), registration)
  })
}

function placeByContext(context: ClassMethodDecoratorContext): string | undefined {
  if (context.kind !== 'method') return `a ${context.kind}`
  if (context.static) return 'a static method'
  return context.private ? 'a private method' : undefined
}

function placeByTarget(target: unknown, descriptor?: TypedPropertyDescriptor<unknown>): string | undefined {
  if (typeof target === 'function') return 'a static method'
  return typeof descriptor?.value === 'function' ? undefined : 'a property'
}

function misplaced(decorator: string, place: string, key: string | symbol): Error {
  const name = String(key)
  return refusal(
    'HF_OPTION_INVALID',
    `${decorator} stands on ${place}, ${name}, which no instance can be asked for as its handler`,
    `make ${name} a method of the instance; TypeScript's own "private" is allowed`,
    { method: name },
  )
}
