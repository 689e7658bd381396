import type { Clock } from '../ports/clock.ts'
import type { Handle } from './attempt.ts'
import { Call, type CallScope } from './call.ts'
import type { HandlerDefinition } from './handler.ts'
import type { AnyMiddleware, Middleware } from './middleware.ts'
import { type Inside, Passage } from './passage.ts'

/** Puts middleware around what calls the handler. */
export type WithMiddleware = (definition: HandlerDefinition, handle: Handle) => Handle

/** The consumer's middleware is outermost, then the handler's; where there is none the handler is called as it is. */
export function withMiddleware(outer: readonly AnyMiddleware[], clock: Clock): WithMiddleware {
  return ({ topics, batch, options }, handle) => {
    const use = [...outer, ...(options.use ?? [])] as readonly Middleware[]
    if (use.length === 0) return handle
    const scope: CallScope = { topics, batch, clock }
    const innermost: Inside = ({ input, context }) => handle(input, context)
    const outermost = use.reduceRight((inside, middleware) => around(middleware, inside), innermost)
    return (input, context) => outermost(new Call(scope, input, context))
  }
}

function around(middleware: Middleware, inside: Inside): Inside {
  return async (call) => {
    const passage = new Passage(middleware, inside, call)
    let answer: unknown
    try {
      answer = await middleware(call, passage.next)
    } catch (error) {
      return passage.fail(error)
    }
    return passage.leave(answer)
  }
}
