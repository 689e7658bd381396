import { describe, expect, test } from 'vitest'
import { readFlags } from '../../src/verifiable/flags.ts'
import { readSettings, type Settings } from '../../src/verifiable/settings.ts'

const REQUIRED = ['--bootstrap-server', 'localhost:9092', '--topic', 't', '--group-id', 'g']
const FILE = 'consumer.properties'

function settingsOf(args: readonly string[], properties?: string): Settings {
  const files: Record<string, string | undefined> = { [FILE]: properties, 'ca.pem': 'CA', 'client.pem': 'CLIENT' }
  const flags = readFlags([...REQUIRED, ...(properties === undefined ? [] : ['--consumer.config', FILE]), ...args])
  return readSettings(flags, (path) => {
    const text = files[path]
    if (text === undefined) throw new Error('no such file')
    return text
  })
}

describe('defaults', () => {
  test("are those of Kafka's tool; a commit follows every batch", () => {
    expect(settingsOf([])).toMatchObject({
      topic: 't',
      groupId: 'g',
      maxMessages: Number.POSITIVE_INFINITY,
      tellsRecords: false,
      tellsCommits: true,
      driver: { brokers: ['localhost:9092'] },
      consumer: { sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3_000, commitInterval: { records: 1, ms: 100 } },
      warnings: [],
    })
  })
})

describe('flags', () => {
  test('become settings', () => {
    const settings = settingsOf([
      ...['--max-messages', '10', '--verbose', '--session-timeout', '6000', '--reset-policy', 'latest'],
      ...['--assignment-strategy', 'org.apache.kafka.clients.consumer.RangeAssignor', '--group-protocol', 'CLASSIC'],
    ])
    expect(settings).toMatchObject({
      maxMessages: 10,
      tellsRecords: true,
      consumer: { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 2_000, autoOffsetReset: 'latest' },
    })
  })

  test('a negative --max-messages is no limit', () => {
    expect(settingsOf(['--max-messages', '-1']).maxMessages).toBe(Number.POSITIVE_INFINITY)
  })

  test('with --enable-autocommit no commits are told, and holdfast commits at its own intervals', () => {
    const { tellsCommits, consumer } = settingsOf(['--enable-autocommit'], 'auto.commit.interval.ms=200')
    expect(tellsCommits).toBe(false)
    expect(consumer.commitInterval).toEqual({ ms: 200 })
  })

  test('--bootstrap-server wins over --broker-list', () => {
    expect(settingsOf(['--broker-list', 'other:1']).driver.brokers).toEqual(['localhost:9092'])
  })

  test.each([
    [['--max-messages', 'many'], '--max-messages = "many" is not a whole number'],
    [['--session-timeout', '1.5'], '--session-timeout = "1.5" is not a whole number'],
    [['--reset-policy', 'middle'], '--reset-policy = "middle" is not known.\n  Fix: use earliest or latest or none.'],
    [['--group-protocol', 'consumer'], '--group-protocol = consumer is not supported'],
    [['--assignment-strategy', 'org.example.Mine'], '--assignment-strategy = "org.example.Mine" is not known'],
    [['--command-config', 'gone'], '--command-config = gone cannot be read (no such file)'],
  ])('%j is refused', (args, message) => {
    expect(() => settingsOf(args)).toThrow(message)
  })
})

describe('the properties of the file', () => {
  test('become options, and flags win', () => {
    const { consumer, driver, warnings } = settingsOf(
      ['--session-timeout', '9000'],
      'session.timeout.ms=1\nheartbeat.interval.ms=1000\nmax.poll.records=7\nclient.id=c\nrequest.timeout.ms=5000\ngroup.id=x',
    )
    expect(consumer).toMatchObject({ sessionTimeoutMs: 9_000, heartbeatIntervalMs: 1_000, maxPollRecords: 7 })
    expect(driver).toMatchObject({ clientId: 'c', requestTimeoutMs: 5_000 })
    expect(warnings).toEqual([])
  })

  test('say where they are written when they are wrong', () => {
    expect(() => settingsOf([], 'max.poll.records=x')).toThrow(
      `max.poll.records in ${FILE} = "x" is not a whole number`,
    )
  })

  test('that have no counterpart are named, without their values', () => {
    expect(settingsOf([], 'client.rack=secret').warnings).toEqual([
      `client.rack in ${FILE} has no effect here and is ignored`,
    ])
  })
})

describe('security', () => {
  const PLAIN = 'sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule required username="u" password="p\\\\"q";'

  test('of a protocol that is not in use is left alone', () => {
    const { driver, warnings } = settingsOf([], `ssl.truststore.location=x.jks\n${PLAIN}`)
    expect({ driver, warnings }).toEqual({ driver: { brokers: ['localhost:9092'] }, warnings: [] })
  })

  test('SASL_PLAINTEXT sends the password as it was asked', () => {
    expect(settingsOf([], `security.protocol=SASL_PLAINTEXT\n${PLAIN}`).driver).toMatchObject({
      sasl: { mechanism: 'plain', username: 'u', password: 'p"q' },
      allowPlaintextSasl: true,
    })
  })

  test('SSL takes PEM', () => {
    const text =
      'security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n' +
      'ssl.keystore.type=PEM\nssl.keystore.location=client.pem\nssl.endpoint.identification.algorithm='
    expect(settingsOf([], text).driver.ssl).toEqual({
      ca: 'CA',
      cert: 'CLIENT',
      key: 'CLIENT',
      checkServerIdentity: expect.any(Function),
    })
    expect(settingsOf([], 'security.protocol=SSL').driver).toEqual({ brokers: ['localhost:9092'], ssl: {} })
  })

  test.each([
    ['security.protocol=TLS', 'is not known'],
    ['security.protocol=SSL\nssl.truststore.location=x.jks', 'ssl.truststore.type = JKS cannot be read'],
    ['security.protocol=SSL\nssl.cipher.suites=x', `ssl.cipher.suites in ${FILE} is not supported`],
    ['security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=y', '= y cannot be read (no such file)'],
    ['security.protocol=SASL_SSL', 'sasl.mechanism = "GSSAPI" is not known'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN', 'sasl.jaas.config has no username and password'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.login.class=x', 'sasl.login.class in'],
  ])('%j is refused', (properties, message) => {
    expect(() => settingsOf([], properties)).toThrow(message)
  })
})
