// Compiled, never run. Each wrong use is expected to be an error, in both decorator modes.
import type { DriverFactory } from '@holdfast/core'
import { Consumer, consumersOf, Handler, run } from '@holdfast/decorators'

declare const driver: DriverFactory
// biome-ignore lint/suspicious/noExplicitAny: so the containers that people use type their tokens
declare const container: { get<T>(token: new (...args: any[]) => T): T }

@Consumer({ groupId: 'plain', order: 'partition', maxPollRecords: 2 })
class Plain {
  @Handler('mail')
  send(): void {}
}

@Consumer({ groupId: 'needy', driver })
class Needy {
  readonly mailer: { readonly host: string }

  constructor(mailer: { readonly host: string }) {
    this.mailer = mailer
  }
}

@Consumer({ groupId: 'optional' })
class Optional {
  readonly host: string | undefined

  constructor(host?: string) {
    this.host = host
  }
}

@Consumer({ groupId: 'abstract' })
abstract class Abstract {
  abstract send(): void
}

@Consumer({ groupId: 'empty' })
class Empty {}

@Consumer({ groupId: 'singleton' })
class Singleton {
  static readonly instance: Singleton = new Singleton()
  private constructor() {}
}

// @ts-expect-error groupId is needed
@Consumer({ concurrency: 5 })
class WithoutGroup {}

// @ts-expect-error the methods are the handlers
@Consumer({ groupId: 'with-handlers', handlers: [] })
class WithHandlers {}

// @ts-expect-error no such option
@Consumer({ groupId: 'misspelt', maxPollRecord: 2 })
class Misspelt {}

const needy = new Needy({ host: 'localhost' })

export async function right(): Promise<void> {
  await run([Plain])
  await run([Plain, Optional, Empty, needy, new Empty(), Singleton.instance], { driver })
  await run([Needy, Plain], { driver, resolve: (cls) => (cls === Needy ? needy : new cls()) })
  await run([Needy], { driver, resolve: (cls) => container.get(cls) })
  await run([Needy], { resolve: async () => needy, signal: AbortSignal.timeout(1), concurrency: 'auto' })
  consumersOf(new Plain(), { driver })
  consumersOf(needy)
}

export async function wrong(): Promise<void> {
  // @ts-expect-error its constructor needs an argument, and nothing resolves it
  await run([Needy], { driver })
  // @ts-expect-error an abstract class has no instances
  await run([Abstract], { driver })
  // @ts-expect-error neither class nor instance
  await run(['Plain'], { driver })
  // @ts-expect-error a list
  await run(Plain, { driver })
  // @ts-expect-error the methods are the handlers
  await run([Plain], { driver, handlers: [] })
  // @ts-expect-error an instance
  consumersOf(Plain, { driver })
  // @ts-expect-error a container answers an object
  await run([Needy], { resolve: () => undefined })
}

void [WithoutGroup, WithHandlers, Misspelt]
