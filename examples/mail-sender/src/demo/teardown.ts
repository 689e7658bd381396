/**
 * What has to be put away, last brought up first. (`AsyncDisposableStack` does nearly the same from Node 24 on.) A step
 * that fails is told of and keeps neither the others from being done nor the result from being reported.
 */
export class Teardown implements AsyncDisposable {
  readonly #steps: (() => Promise<void>)[] = []
  readonly #onFailure: (error: unknown) => void

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(async () => resource[Symbol.asyncDispose]())
    return resource
  }

  defer(step: () => Promise<void>): void {
    this.#steps.unshift(step)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.splice(0)) await step().catch(this.#onFailure)
  }
}
