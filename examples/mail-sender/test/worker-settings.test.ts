import { describe, expect, it } from 'vitest'
import { workerSettings } from '../src/worker-settings.ts'

describe('the settings of a worker', () => {
  it('need the brokers only', () => {
    const settings = workerSettings({ KAFKA_BROKERS: 'a:9092,b:9092', DATABASE_URL: '' })
    expect(settings.kafka).toEqual({ clientId: 'mail-sender', brokers: ['a:9092', 'b:9092'], ssl: false })
    expect(settings).toMatchObject({ databaseUrl: undefined, smtpUrl: undefined, sessionTimeoutMs: 45_000 })
    expect(settings.lookUpTime()).toBe(0)
  })

  it('sign in where a user is named', () => {
    const settings = workerSettings({
      KAFKA_BROKERS: 'a:9092',
      KAFKA_TLS: 'true',
      KAFKA_USERNAME: 'ann',
      KAFKA_PASSWORD: 'x',
    })
    expect(settings.kafka).toMatchObject({
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'ann', password: 'x' },
    })
  })

  it('say how partitions are shared, and under which name the worker comes back', () => {
    const env = { KAFKA_BROKERS: 'a:9092', ASSIGNMENT_STRATEGY: 'sticky,range', GROUP_INSTANCE_ID: 'mail-0' }
    expect(workerSettings(env)).toMatchObject({ strategies: ['sticky', 'range'], groupInstanceId: 'mail-0' })
  })

  it('say where it is noted which requests are begun', () => {
    expect(workerSettings({ KAFKA_BROKERS: 'a:9092', STARTS_DIRECTORY: '/starts' }).startsDirectory).toBe('/starts')
  })

  it.each([
    [{}, 'KAFKA_BROKERS'],
    [{ KAFKA_BROKERS: 'a:9092', SESSION_TIMEOUT_MS: 'soon' }, 'SESSION_TIMEOUT_MS'],
    [{ KAFKA_BROKERS: 'a:9092', LOOK_UP_TIME: 'long' }, 'look-up time'],
    [{ KAFKA_BROKERS: 'a:9092', LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ KAFKA_BROKERS: 'a:9092', ASSIGNMENT_STRATEGY: 'fair' }, 'ASSIGNMENT_STRATEGY'],
  ])('%j: the message names %s', (env, name) => {
    expect(() => workerSettings(env)).toThrow(name)
  })
})
