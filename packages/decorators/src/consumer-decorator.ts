import type { ConsumerClassOptions } from './class-options.ts'
import { nameOf, refusal, shown } from './refuse.ts'
import { addClassOptions, hasOwnClassOptions } from './registry.ts'

/** A class decorator, standard or of `experimentalDecorators`; the class may have a private constructor. */
export type ConsumerDecorator = (cls: { readonly prototype: object }, context?: { readonly kind: 'class' }) => void

/**
 * Makes a class a consumer of a group: its methods with `@Handler` or `@BatchHandler` are the handlers. Takes every
 * option of `createConsumer` except `handlers`. A subclass inherits the options, or replaces all of them with a
 * `@Consumer` of its own.
 * @throws HF_OPTION_INVALID without options, on anything but a class, or twice on one class
 */
export function Consumer(options: ConsumerClassOptions): ConsumerDecorator {
  if (typeof options !== 'object' || options === null) {
    throw refusal(
      'HF_OPTION_INVALID',
      `@Consumer takes one object of options, not ${shown(options)}`,
      "write @Consumer({ groupId: '…' })",
    )
  }
  const frozen = Object.freeze({ ...options })
  return (cls) => {
    if (!isClass(cls)) {
      throw refusal('HF_OPTION_INVALID', '@Consumer decorates a class', 'move it above the class')
    }
    if (hasOwnClassOptions(cls.prototype)) throw consumerTwice(cls)
    addClassOptions(cls.prototype, frozen)
  }
}

function isClass(cls: unknown): cls is { readonly prototype: object } {
  return typeof cls === 'function' && cls.prototype !== undefined
}

function consumerTwice(cls: object): Error {
  const name = nameOf(cls)
  return refusal(
    'HF_OPTION_INVALID',
    `${name} has two @Consumer decorators, and a class is a consumer of one group`,
    `keep one, and for a second group write @Consumer({ groupId: '…' }) class Other extends ${name} {}`,
    { class: name },
  )
}
