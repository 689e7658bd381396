import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { CircuitBreaker } from '../policy/circuit-breaker.ts'
import type { FailurePolicy } from '../policy/failure-policy.ts'
import type { ConsumerConfig } from './options.ts'

/** What a handler depends on: its own circuit breaker, else the consumer's. */
export function circuitOf({ options }: HandlerDefinition, { circuit }: ConsumerConfig): CircuitBreaker | undefined {
  return options.circuit ?? circuit
}

/** Circuit breakers that cannot do what they are for. */
export function circuitConflicts(config: ConsumerConfig): HoldfastError[] {
  return [...foreign(config), ...unheld(config), ...namesakes(config)]
}

/** Circuits that open only after a record was given up. */
export function circuitWarnings(config: ConsumerConfig): string[] {
  return config.handlers.flatMap((definition) => {
    const { name, consecutiveFailures } = circuitOf(definition, config) ?? {}
    const attempts = attemptsOf(definition.options.onFailure ?? config.onFailure, config.maxAttempts)
    if (consecutiveFailures === undefined || attempts >= consecutiveFailures) return []
    return [
      `the circuit breaker ${name} opens after consecutiveFailures = ${consecutiveFailures}, and ${definition.name} gives a record up after attempts = ${attempts}: with little traffic an outage ends records before it is noticed. Lower consecutiveFailures or allow more attempts.`,
    ]
  })
}

/** Of the part of a policy that tries most often: which one is for the dependency's errors is not known. */
function attemptsOf(policy: FailurePolicy | undefined, maxAttempts: number): number {
  if (policy === undefined) return maxAttempts
  const attempts = policy.parts.map(({ steps }) =>
    steps.reduce((sum, step) => sum + (step.type === 'retry' ? step.attempts : 0), 0),
  )
  return Math.max(1, ...attempts)
}

function foreign({ handlers }: ConsumerConfig): HoldfastError[] {
  return handlers.flatMap(({ name, options: { circuit } }) => {
    if (circuit === undefined || circuit instanceof CircuitBreaker) return []
    return [
      invalid(
        `circuit of ${name} is not a circuit breaker.\n  Fix: make one with circuitBreaker({ name }), and give it to each handler that depends on the same thing.`,
      ),
    ]
  })
}

/** What failed cannot wait where it may not be tried again. */
function unheld(config: ConsumerConfig): HoldfastError[] {
  const guarded = config.handlers.find((definition) => circuitOf(definition, config) !== undefined)
  if (config.delivery !== 'at-most-once' || guarded === undefined) return []
  return [
    new HoldfastError(
      'HF_PROMISE_CONFLICT',
      `circuit = ${circuitOf(guarded, config)?.name} of ${guarded.name} cannot be kept with delivery = "at-most-once":\n  the offset is committed before the handler runs, so that a record that fails cannot be held until its dependency is back.\n  Fix: delivery = "at-least-once", or remove circuit.`,
      { details: { option: 'circuit' } },
    ),
  ]
}

function namesakes(config: ConsumerConfig): HoldfastError[] {
  const breakers = new Set(config.handlers.flatMap((definition) => circuitOf(definition, config) ?? []))
  const names = [...breakers].map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return []
  return [
    invalid(
      `two circuit breakers are named ${twice}: events, status and health could not tell them apart.\n  Fix: make one and give it to all of its handlers, or name them differently.`,
    ),
  ]
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', message, { details: { option: 'circuit' } })
}
