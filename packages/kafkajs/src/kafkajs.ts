import { inspect } from 'node:util'
import type { Driver, DriverContext, DriverFactory } from '@holdfast/core'
import { KafkajsDriver } from './driver.ts'
import { installedKafkajsVersion } from './internals/kafkajs.ts'
import { type KafkajsConfig, type KafkajsOptions, resolveKafkajsOptions } from './options.ts'

/**
 * The driver on kafkajs, for `createConsumer({ driver: kafkajs({ brokers }) })`.
 * @throws HF_OPTION_INVALID, HF_SASL_WITHOUT_TLS
 */
export function kafkajs(options: KafkajsOptions): DriverFactory {
  return new KafkajsDriverFactory(resolveKafkajsOptions(options))
}

/** Keeps the credentials in a private field: nothing that prints or serialises it can show them. */
class KafkajsDriverFactory implements DriverFactory {
  readonly name = `kafkajs ${installedKafkajsVersion}`
  readonly hasTransactions = true
  readonly #config: KafkajsConfig

  constructor(config: KafkajsConfig) {
    this.#config = config
  }

  describe(): string {
    const { brokers, ssl, sasl } = this.#config
    const security = [ssl === false ? [] : ['TLS'], sasl === undefined ? [] : [`SASL ${sasl.mechanism}`]].flat()
    return [brokers.join(','), ...security].join(' · ')
  }

  create(context: DriverContext): Driver {
    return new KafkajsDriver(this.#config, context)
  }

  toJSON(): object {
    return { name: this.name, target: this.describe() }
  }

  [inspect.custom](): string {
    return `${this.name} → ${this.describe()}`
  }
}
