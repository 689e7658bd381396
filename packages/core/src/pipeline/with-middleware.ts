import type { Handle } from './attempt.ts'
import { Call, type CallScope } from './call.ts'
import type { CallContext } from './call-context.ts'
import type { HandlerDefinition } from './handler.ts'
import { after } from './maybe-async.ts'
import { type AnyMiddleware, type Middleware, traitsOf } from './middleware.ts'
import { type Inside, Passage } from './passage.ts'

/** Puts middleware around what calls the handler. */
export type WithMiddleware = (definition: HandlerDefinition, handle: Handle) => Handle

/** What lets so many handlers run at once as there are slots, where more attempts are under way. */
export interface Gate {
  /** Answers when the handler may begin; rejects where its attempt is told to end before that. */
  enter(context: CallContext): number | Promise<number>
  /** The handler that began then has ended. */
  leave(context: CallContext, sinceMs: number): void
}

/**
 * The consumer's middleware is outermost, then the handler's; where there is none the handler is called as it is. A gate stands
 * inside the last middleware that lends the slot, else around all of it.
 */
export function withMiddleware(
  outer: readonly AnyMiddleware[],
  all: Pick<CallScope, 'clock' | 'laneOf'>,
  gate?: Gate,
): WithMiddleware {
  return ({ topics, batch, options }, handle) => {
    const use = [...outer, ...(options.use ?? [])] as readonly Middleware[]
    if (use.length === 0 && gate === undefined) return handle
    const scope: CallScope = { topics, batch, ...all }
    const innermost: Inside = ({ input, context }) => handle(input, context)
    const lender = use.findLastIndex((middleware) => traitsOf(middleware).lendsSlot === true)
    const within = use.slice(lender + 1).reduceRight(around, innermost)
    const gated = gate === undefined ? within : through(gate, within)
    const outermost = use.slice(0, lender + 1).reduceRight(around, gated)
    return (input, context) => outermost(new Call(scope, input, context))
  }
}

function through(gate: Gate, inside: Inside): Inside {
  const begin = async (call: Call, sinceMs: number): Promise<unknown> => {
    try {
      if (call.context.isAborted) throw call.signal.reason
      return await inside(call)
    } finally {
      gate.leave(call.context, sinceMs)
    }
  }
  return (call) => after(gate.enter(call.context), (sinceMs) => begin(call, sinceMs))
}

function around(inside: Inside, middleware: Middleware): Inside {
  const isWatched = traitsOf(middleware).awaitsNext !== true
  return async (call) => {
    const passage = new Passage(middleware, inside, call, isWatched)
    let answer: unknown
    try {
      answer = await middleware(call, passage.next)
    } catch (error) {
      return passage.fail(error)
    }
    return passage.leave(answer)
  }
}
